"""Does the documented request compile in TypeScript, with the usual generator as it is?

``make typescript`` installs openapi-typescript and the compiler; nothing is fetched here.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.running import Api

pytestmark = pytest.mark.redis

BIN = Path(__file__).with_name("typescript") / "node_modules" / ".bin"

USE = """
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Posted = paths["/api/jobs/socials"]["post"]["requestBody"]["content"]["application/json"];

const minimal: Posted = { items: [{ site_web: "https://studio-atlas.example" }] };
const partial: Posted = { ...minimal, options: { max_pages: 2 }, webhook: { url: "https://hooks.example/x" } };
const empty: Posted = { ...minimal, source_job_id: null, options: {}, webhook: null };
const mark: Schemas["MarkRequest"] = { verdict: "wrong" };
const query: paths["/api/jobs"]["get"]["parameters"]["query"] = {};
const headers: paths["/api/jobs/socials"]["post"]["parameters"]["header"] = {};

export function read(job: Schemas["JobSnapshot"], failed: Schemas["ErrorBody"]): string[] {
  // What may be missing has to be asked for.
  const receiver: string | undefined = job.webhook?.url;
  const fields = failed.detail.errors?.map((error) => error.field) ?? [];
  // @ts-expect-error it may be missing
  job.webhook.url;
  return [job.id, receiver ?? "", job.started_at ?? "", ...fields];
}

// @ts-expect-error items are required
const nothing: Posted = {};

export { minimal, partial, empty, mark, query, headers, nothing };
"""


@pytest.fixture
def document(redis_url: str) -> dict[str, Any]:
    with Api(redis_url) as api, httpx.Client(trust_env=False) as client:
        found: dict[str, Any] = client.get(f"{api.url}/openapi.json").json()
        return found


def test_the_documented_requests_compile(document: dict[str, Any], tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("no Node.js here")
    if not (BIN / "openapi-typescript").exists():
        pytest.skip("openapi-typescript is not installed; `make typescript` installs it")
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    examples = [
        f"export const {name}{number}: Schemas[{json.dumps(name)}] = {json.dumps(example)};"
        for name, schema in document["components"]["schemas"].items()
        for number, example in enumerate(schema.get("examples", ()))
    ]
    assert len(examples) >= 2
    (tmp_path / "use.ts").write_text("\n".join([USE, *examples]))

    for command in (
        [str(BIN / "openapi-typescript"), "openapi.json", "-o", "schema.ts"],
        [str(BIN / "tsc"), "--strict", "--noEmit", "--skipLibCheck", "use.ts"],
    ):
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "REDOCLY_TELEMETRY": "off", "NO_UPDATE_NOTIFIER": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
