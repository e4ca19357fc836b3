// Starts Swagger UI with the service's own document; requests from it carry the session, as those of every page of ours.
window.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("swagger"),
  presets: [window.SwaggerUIBundle.presets.apis],
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: false,
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  syntaxHighlight: { activated: false },
});
