"""Which class names say whose a link is?

Data for :mod:`crawler.core.judging.ownership`; it decides nothing.  All lower-case, as the widgets' and themes' own
markup has them, seen on live pages in 2026.  The words of languages are in :mod:`crawler.languages`.
"""

import re

from crawler.networks import marks

SHARE_WIDGETS = re.compile(
    r"(?:^|[-_ ])(?:a2a|addtoany|addthis|sharethis|st-(?:btn|inline|sticky|custom)|jssocials|shariff|heateor|sassy|ssbp|"
    r"sharedaddy|sd-sharing|essb|mashsb|ss-box|swp|socializer|shareaholic|ssba)(?:$|[-_ ])"
)
"""Names that share widgets give their parts."""

SHARE_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:shares?|sharers?|sharing|share-?(?:buttons?|bar|links?)|social-?sharer?|partager?|teilen|compartir|"
    r"condividi|delen|partilhar|compartilhar)(?:$|[-_ ])"
)
"""Names that people give to share bars, and to their own icons just as well: a profile is no share button."""

OTHERS_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:teams?|members?|staff|persons?|employees?|speakers?|authors?|author-?(?:box|bio)|byline|testimonials?|reviews?|"
    r"reviewers?|sponsors?|partners?|clients?|customers?|players?|artists?|instructors?|trainers?|coach(?:es)?|"
    r"board|founders?|volunteers?|organi[sz]ers?|committee|faculty|mentors?|judges?|equipe|équipe|mitarbeiter|equipo|squadra|alumni|"
    r"contributors?|credits?|developers?|exhibitors?|vendors?|lineup|performers?|bands?|comments?(?:-list|-body)?|vcard)(?:$|[-_ ])"
)
"""Names of blocks that present other people and organisations, each with links of its own."""

FEED_CLASSES = re.compile(
    rf"(?:^|[-_ ])(?:feeds?|sbi|{marks.FEED_CLASSES}|"
    r"elfsight|juicer|curator|snapwidget|lightwidget)(?:$|[-_ ])"
)
"""Names of embedded feeds, where links lead to single posts and to whoever is mentioned."""

POST_CLASSES = re.compile(
    r"(?:^| )(?:post|type-post|blog-?post|single-post|hentry-post|post-(?:body|content|entry)|article-body|blog-entry)(?:$| )"
)
"""Names of a post in a blog; WordPress gives its pages the same ``entry-content``, and ``type-page`` beside it."""
