"""Which words and class names say whose a link is?

Data for :mod:`crawler.core.judging.ownership`; it decides nothing.  All lower-case.  Words are those of en, fr, de, es, it, nl,
pt, and most of pl, sv, da, no, fi, cs, ru, ja, as they stand on pages; class names are those that the widgets' and
themes' own markup has, seen on live pages in 2026.
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

SHARE_WORDS = re.compile(
    rf"\b(?:share(?!d|holder| our| my)|{marks.SHARE_WORDS}|partager?|partagez|teilen|compartir|comparte|compártelo|condividi|condividere|delen|"
    r"deel (?:dit|deze|op)|partilhar|partilhe|compartilhar|compartilhe|udostępnij|dela|del på|jaa|sdílet|поделиться|"
    r"paylaş|bagikan|chia sẻ|شارك|مشاركة)\b|シェア|共有|分享到|分享至|공유하기"
)
"""Words that stand beside share buttons."""

OWN_WORDS = re.compile(
    r"\b(?:(?:follow|find|join|like|watch|visit|message|see|catch|add) us|(?:we are|we're|we\u2019re) (?:also )?(?:now )?(?:on|active)|(?:our|my) (?:own |official )?(?:page|profile|account|channel|"
    rf"{marks.SPOKEN_NAMES}|socials?)|connect with us|follow me|follow @|follow on|subscribe to (?:our|us|my)|"
    r"stay (?:connected|in touch)|get social|official|"
    r"suivez[- ]nous|nous suivre|retrouvez[- ]nous|rejoignez[- ]nous|(?:notre|nos|ma|mon) (?:page|profil|compte|chaîne|réseaux)|officielle?|"
    r"(?:folge|folgen|folgt|besuche|besuchen|besucht|finde|finden|findet|like|liken|abonniere|abonnieren) (?:sie )?(?:uns|mir)|"
    rf"(?:unsere?|meine?)[mnr]? (?:\w+[- ])?(?:seite|profil|kanal|account|{marks.NAMES})\w*|offizielle?|"
    r"síguenos|siguenos|sígueme|siguenos|encuéntranos|nuestr[oa]s? (?:página|perfil|cuenta|canal|redes)|oficial|"
    r"seguici|seguitemi|seguimi|seguiteci|trovaci|siamo (?:anche )?su|estamos (?:también )?en|nous sommes (?:aussi )?sur|(?:wir sind|sind wir) (?:auch )?(?:auf|bei)|we zijn (?:ook )?op|nostr[oa] (?:pagina|profilo|canale|account)|ufficiale|"
    rf"volg ons|volg mij|vind ons|bezoek ons|(?:onze|ons|mijn) (?:pagina|profiel|kanaal|{marks.NAMES})|officiële|"
    r"siga[- ]nos|sigam?[- ]nos|segue[- ]nos|siga-me|noss[oa] (?:página|perfil|conta|canal)|"
    r"obserwuj nas|znajdź nas|śledź nas|polub nas|nasz (?:profil|kanał|fanpage)|följ oss|följ mig|hitta oss|følg os|følg oss|finn oss|"
    r"seuraa meitä|sledujte nás|najdete nás|мы в|ми в|подпишитесь|підписуйтесь|стежте за нами|подписывайтесь|bizi takip|takip edin|ikuti kami|kunjungi kami|hubungi kami|theo dõi|"
    r"urmăriți-ne|kövess|ακολουθήστε)(?!\w)|フォロー|公式|ご覧ください|关注|關注|追蹤|追踪|按讚|粉絲專頁|팔로우|공식 (?:계정|페이지|채널)|ติดตาม|تابعنا|تابعونا|עקבו"
)
"""Words with which an organisation speaks of its own pages."""

MY_WORDS = re.compile(r"\b(?:my|me|mein\w*|mir|mon|ma|mes|mi|mis|mio|mia|mijn|mij|meu|minha)\b")
"""Words with which somebody speaks of himself: in a post it is the author, not the site."""

SOCIAL_HEADINGS = re.compile(
    r"\b(?:follow|find us|join us|connect|social(?:s| media| networks?| links?)?|contacts?(?: us)?|get in touch|keep in touch|community|links?|"
    r"suivez|suivre|réseaux sociaux|nous contacter|restons? (?:en contact|connectés)|coordonnées|folge\w*|soziale (?:medien|netzwerke)|kontakt|in verbindung|"
    r"sígue\w*|siguenos|redes(?: sociales)?|contáctanos|contacto|seguici|social network|contatti|contattaci|volg|volgen|contacteer|"
    r"redes sociais|contatos?|contactos?|acompanhe|följ|følg|seuraa|obserwuj|sledujte|ota yhteyttä|соцсет\w*|социальн\w+ сет\w+|соцмереж\w*|контакты|контакти|réseaux|redes|bizi takip|iletişim|sosyal medya|kontak|media sosial|liên hệ)(?!\w)|"
    r"お問い合わせ|ソーシャル|sns|联系|聯絡|연락|ติดต่อ"
)
"""Headings above an organisation's own icons."""

THEIR_WORDS = re.compile(r"\b(?:their|hun|leurs?|ihr(?:e|er|en|em)?|sus?|loro|seus?|suas?|deras|deres|ich|jejich)\b")
"""What is said of others: in a line that credits somebody, what follows is theirs."""

AGENCY_WORDS = re.compile(
    r"\b(?:(?:web)?site\W{0,3}(?:design(?:ed)?\W{0,3}|built |made |created )?(?:and \w+ )?(?:by|von|door|par|por|di|da|af|av)|website:|powered by|"
    r"(?:web ?|graphic )?design(?:ed)?(?: (?:and|&|\+) \w+)? (?:by|von|par|door)|(?:web ?)?design(?:er)?:|developed by|developer:?|development:?|coded by|"
    r"built (?:by|with)|(?:hand)?(?:made|crafted|created|coded) (?:with (?:\S+ ){0,4})?(?:by|in)|(?:theme|template|maintained|hosted|managed) by|hosting:|credits?:?|"
    r"réalis(?:ation|é|ée)\b(?: du site)?(?: par)?|création (?:du )?(?:site|web)|création graphique|conception|conçu (?:et \w+ )?par|site (?:internet|web) (?:par|réalisé)|maintenance par|"
    r"développ(?:é|ement) par|fait (?:avec (?:\S+ ){0,3})?par|"
    r"webdesign|web-?entwicklung|umsetzung|gestaltung|gestaltet von|realisierung|realisiert|erstellt (?:von|durch)|entwickelt von|programmierung|technische betreuung|"
    r"desarrollad[oa] por|desarrollo(?: web)?:?|diseñ(?:o|ado|ada)(?: web)?(?: y \w+)?(?: por| de|:)|hecho (?:con (?:\S+ ){0,3})?por|cread[oa] por|"
    r"sito (?:web )?(?:realizzato |creato )?(?:da|di|by)|realizzat[oa] da|realizzazione|sviluppat[oa] da|creat[oa] da|progettat[oa] da|"
    r"ontwikkeld door|ontwerp|gemaakt door|gerealiseerd door|website door|realisatie|"
    r"desenvolvid[oa] (?:por|pel[oa])|desenvolvimento|criad[oa] (?:por|pel[oa])|feito (?:com (?:\S+ ){0,3})?por|"
    r"webbdesign|webbplats av|hjemmeside af|utviklet av|toteutus|projekt i wykonanie|wykonanie|realizacja|tvorba webu|vytvořil[ao]?|создание сайта|разработка)"
    r"(?!\w)"
)
"""Words of the credit that an agency, a developer or a theme leaves."""

BY_END = re.compile(
    r"\b(?:by|par|por|door|von|przez|av|af|via|credits?|courtesy of|thanks to|merci à|dank an|gracias a|grazie a)\W*$"
)
"""What a line ends with that goes on with somebody's name."""

COPYRIGHT = re.compile(r"©|\(c\)|copyright|all rights|tous droits|rechte vorbehalten|derechos|diritti|rechten")
"""Words of the line in which an organisation names itself."""

OTHERS_CLASSES = re.compile(
    r"(?:^|[-_ ])(?:teams?|members?|staff|persons?|employees?|speakers?|authors?|author-?(?:box|bio)|byline|testimonials?|reviews?|"
    r"reviewers?|sponsors?|partners?|clients?|customers?|players?|artists?|instructors?|trainers?|coach(?:es)?|"
    r"board|founders?|volunteers?|organi[sz]ers?|committee|faculty|mentors?|judges?|equipe|équipe|mitarbeiter|equipo|squadra|alumni|"
    r"contributors?|credits?|developers?|exhibitors?|vendors?|lineup|performers?|bands?|comments?(?:-list|-body)?|vcard)(?:$|[-_ ])"
)
"""Names of blocks that present other people and organisations, each with links of its own."""

OTHERS_HEADINGS = re.compile(
    r"\b(?:(?:our |the |meet |core |executive )*(?:team|staff|crew|people|members|leadership|board(?: of \w+)?|committee|organi[sz]ers|founders?|"
    r"speakers?|mentors?|judges|faculty|teachers?|professors?|experts?|doctors?|chefs?|stylists?|barbers?|guides?|hosts?|guests?|alumni|instructors|coaches|trainers|players|artists|performers|line-?up|exhibitors|vendors|contributors|developers?|authors?)|"
    r"(?:about|meet) the (?:authors?|team|founders?|developers?)|(?:our |the )?(?:sponsors?|partners?|clients|customers|supporters|friends|affiliates)|sponsored by|supported by|"
    r"in partnership with|testimonials?|reviews|what (?:our )?\w+ say|case stud\w+|"
    r"(?:notre |nos |l')?(?:équipe|partenaires?|intervenants|témoignages|fondateurs?|membres)|ils nous soutiennent|"
    r"(?:unser |das |unsere )?(?:team|partner|sponsoren|förderer|referenzen|vorstand|mitarbeiter|kundenstimmen|referenten|gründer|trainer)|"
    r"(?:nuestro |nuestros |el )?(?:equipo|socios|patrocinadores|colaboradores|testimonios|ponentes|clientes)|"
    r"(?:il nostro |i nostri )?(?:team|partner|sponsor|squadra|staff|soci|testimonianze|relatori|clienti)|"
    r"(?:ons |onze )?(?:team|partners|sponsoren|medewerkers|bestuur|sprekers)|(?:nossa |nossos )?(?:equipe|equipa|parceiros|patrocinadores|depoimentos)|"
    r"zespół|partnerzy|sponsorzy|ceo|cto|co-?founder|chief \w+ officer)\b"
)
"""Headings over other people and organisations, and titles that stand under a person's name."""

FOR_WHOM = re.compile(r"by|for|from|von|für|par|pour|por|para|da|per|door|voor")
"""Words after which somebody is named who made a thing or for whom it is, not who is linked."""

SLOGANS = re.compile(
    r"\b(?:your|yours|ihr|dein|euer|votre|ton|su|tu|vuestro|il (?:vostro|tuo|suo)|uw|je|jouw|seu|teu|o seu|twój|din)\b|.{60}"
)
"""Words to the reader ("your partner for ..."): not a heading over partners.  Nor is a long sentence."""

FEED_CLASSES = re.compile(
    rf"(?:^|[-_ ])(?:feeds?|sbi|{marks.FEED_CLASSES}|"
    r"elfsight|juicer|curator|snapwidget|lightwidget)(?:$|[-_ ])"
)
"""Names of embedded feeds, where links lead to single posts and to whoever is mentioned."""

POST_CLASSES = re.compile(
    r"(?:^| )(?:post|type-post|blog-?post|single-post|hentry-post|post-(?:body|content|entry)|article-body|blog-entry)(?:$| )"
)
"""Names of a post in a blog; WordPress gives its pages the same ``entry-content``, and ``type-page`` beside it."""

PRIVACY_WORDS = re.compile(
    r"\b(?:privacy|cookies?|datenschutz\w*|données personnelles|confidentialité|privacidad|riservatezza|privacybeleid|"
    r"privacidade|gdpr|dsgvo|rgpd|data protection|third[- ]part(?:y|ies)|plug-?ins?|opt[- ]out|drittanbieter|personenbezogen\w*|sub-?processors?)\b"
)
"""Words of cookie notices and privacy statements, which name the networks' own pages and policies."""

NETWORK_NAMES = re.compile(rf"\b(?:{marks.SPOKEN_NAMES})\b")

NETWORK_WORDS = re.compile(
    r"^(?:(?:on|at|auf|sur|en|su|op|em|via|the|to|a|page|profile|account|channel|icon|icons|logo|link|like|in|social|media|button|svg|image|img|"
    rf"{marks.SIGNS}|subscribe|videos?|vidéos?|vídeos?|company|seite|profil|kanal|"
    r"página|pagina|opens in (?:a )?new (?:window|tab)|opens a new window|external|follow|us|me|our|visit|find|like|uns|nous|folgen|suivez|go|open|view|"
    r"square|circle|round|white|black|brands?|footer|header|formerly|previously|ehemals|früher|vormals|anciennement|ex|antes|anteriormente|voorheen|"
    r"(?:旧|公式|アカウント|ページ|チャンネル|は|こちら|を|見る|フォロー|する|で|の|粉絲專頁|官方|追蹤|追踪|关注|我們|我们|공식|계정|팔로우|바로가기|페이지)+)(?!\w)[\s.:,'/()|-]*)*$"
)
"""A link's text or label that says nothing but which network it leads to."""
