"""Which words and class names say whose a link is?

Data for :mod:`crawler.core.ownership`, in the languages of the sites read; it decides nothing.  All lower-case;
words are compared with whole words of folded text, class names with whole tokens or their beginnings.
"""

import re

SHARE_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:a2a|addtoany|addthis|sharethis|st-|jssocials|shariff|heateor|sassy|ssbp|sharedaddy|sd-sharing|essb|"
    r"mashsb|ss-box|sharer?|share-?buttons?|social-?sharer?|sharing|partager?|teilen|compartir|condividi|delen|"
    r"partilhar|compartilhar)(?:$|[-_ ])"
)
"""Names that share widgets give their parts; from the widgets' own markup, seen on live pages in 2026."""

SHARE_WORDS = re.compile(
    r"\b(?:share|share this|tweet this|partager?|partagez|teilen|compartir|comparte|condividi|delen|deel|partilhar|"
    r"compartilhar|udostępnij|dela|del på|jaa|sdílet|поделиться)\b"
)
"""Words that stand beside share buttons: en fr de es it nl pt pl sv da fi cs ru."""

FOLLOW_WORDS = re.compile(
    r"\b(?:follow(?: us)?|find us|join us|connect with us|stay (?:connected|in touch)|get social|social media|"
    r"socials?|suivez|suivre|retrouvez|rejoignez|réseaux sociaux|folge|folgen|folgt|besuche|soziale (?:medien|netzwerke)|"
    r"sígue(?:nos|me)?|siguenos|redes sociales|encuéntranos|seguici|segui|seguiteci|social network|volg|volgen|"
    r"siga(?:-nos)?|redes sociais|acompanhe|följ|følg|seuraa|obserwuj|sledujte|contact(?: us)?|kontakt|contatti|contacto)\b"
)
"""Words that stand above an organisation's own icons, in the same languages."""

AGENCY_WORDS = re.compile(
    r"\b(?:(?:web)?site (?:design(?:ed)? )?(?:by|von|door|par|por|di)|website by|powered by|(?:web )?design(?:ed)? (?:by|and)|"
    r"developed by|built (?:by|with)|made (?:with|by)|crafted by|theme by|template by|hosted by|credits?|"
    r"réalis(?:ation|é par)|création (?:du )?site|conception|conçu par|site internet par|"
    r"webdesign|umsetzung|gestaltung|realisierung|realisiert|erstellt von|entwickelt von|"
    r"desarrollad[oa] por|diseñ(?:o|ado) (?:web )?(?:por|de)|sito (?:web )?(?:realizzato )?(?:da|di|by)|realizzat[oa] da|"
    r"realizzazione|ontwikkeld door|ontwerp|gemaakt door|desenvolvid[oa] por|criad[oa] por|feito por|"
    r"webbdesign|hjemmeside af|toteutus)\b"
)
"""Words of the credit that an agency or theme leaves in a footer."""

OTHERS_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:team|teams|member|members|staff|people|person|persons|employee|employees|speaker|speakers|author|"
    r"authors|bio|byline|testimonials?|reviews?|reviewer|sponsors?|partners?|clients?|customers?|portfolio|projects?|"
    r"players?|artists?|instructors?|trainers?|coach(?:es)?|board|founders?|volunteers?|equipe|mitarbeiter|equipo|"
    r"contributors?|comment(?:s|-list|-body)?|vcard|card|cards)(?:$|[-_ ])"
)
"""Names of blocks that present other people and organisations, each with links of its own."""

OTHERS_WORDS = re.compile(
    r"\b(?:our team|meet the team|sponsors?|sponsored by|partners?|partenaires?|sponsoren|partner|patrocinadores|"
    r"sponsorizzato|testimonials?|our clients|speakers?|contributors?|founder|co-founder|ceo|photo(?:graphy)? by|"
    r"photo credit|source:|quelle:|via)\b"
)
"""Words that introduce other people and organisations."""

FEED_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:feed|feeds|sbi|instafeed|instagram-(?:feed|media|wall)|sb_instagram|insta-?gallery|twitter-(?:tweet|feed)|"
    r"tweet|tweets|embed|elfsight|juicer|curator|snapwidget|lightwidget|post|entry-content)(?:$|[-_ ])"
)
"""Names of embedded feeds and of running text, where links lead to single posts and to whoever is mentioned."""

PRIVACY_WORDS = re.compile(
    r"\b(?:privacy|cookies?|datenschutz|données personnelles|confidentialité|privacidad|riservatezza|privacybeleid|"
    r"privacidade|gdpr|dsgvo|data protection|third[- ]party|plugin)\b"
)
"""Words of cookie notices and privacy statements, which name the networks' own pages and policies."""

ICON_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:fa|fab|fas|icon|icons|bi|ti|lni|mdi|social|socials|socicon|svg|ion|uk-icon|dashicons|elementor-social-icon|"
    r"facebook|instagram|linkedin|twitter|tiktok|youtube|x-twitter)(?:$|[-_ ])"
)
"""Class names of icon fonts and icon links."""

NETWORK_WORDS = re.compile(
    r"^(?:(?:on|auf|sur|en|su|op|em|follow|visit|our|us|me|the|page|profile|account|channel|icon|logo|link|like|f|in|"
    r"facebook|fb|insta|instagram|ig|linkedin|twitter|x|tiktok|tik tok|youtube|yt|subscribe|company|opens a new window)"
    r"\b[\s.:,'-]*)*$"
)
"""A link's text or label that says nothing but which network it leads to."""
