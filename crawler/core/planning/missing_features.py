"""Which part of the web platform did a page's scripts miss in the engine that ran them?

Asked by :mod:`crawler.pages` with the errors of a rendered page.  A cheap engine need not have everything; a script
that ends at what is missing may have had the footer still to write, so :mod:`crawler.core.planning.plan` goes on to
the next.
"""

import re
from collections.abc import Iterable

MISSING = frozenset(
    """
    RTCPeerConnection webkitRTCPeerConnection RTCDataChannel MediaStream caches CacheStorage MediaSource
    ManagedMediaSource AudioContext webkitAudioContext OfflineAudioContext trustedTypes TrustedTypePolicyFactory
    speechSynthesis SpeechSynthesisUtterance SpeechRecognition webkitSpeechRecognition XSLTProcessor ViewTransition
    startViewTransition Highlight PaymentRequest ReportingObserver adoptedStyleSheets serviceWorker getAnimations
    WebGLRenderingContext WebGL2RenderingContext GPUDevice PictureInPictureWindow VideoEncoder VideoDecoder
    Worker contentDocument responseType
    """.split()
)
"""What the light engine does not have (Lightpanda 1.0.2, tried one by one in November 2026), by the names that scripts
call it.  Those of the last line fail without an error; ``page_hooks.js`` reports their use."""

BUILT_IN = "customised built-in elements"

READ_OF_NOTHING = {
    "createPolicy": "trustedTypes",
    "register": "serviceWorker",
    "controller": "serviceWorker",
    "getExtension": "WebGLRenderingContext",
    "createShader": "WebGLRenderingContext",
    "createProgram": "WebGLRenderingContext",
}
"""What is read of a missing object tells which one it is: the message names nothing else."""

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_READ = re.compile(r"(?:undefined|null) \(reading '([\w$]+)'\)")


_BUILT_IN = re.compile(r"<[a-z][a-z0-9]{0,10}\s(?:[^<>]{0,500}\s)?is\s*=\s*[\"']?[a-z][a-z0-9]{0,30}-")


def silent_feature_in(html: str) -> str:
    """Name what a document needs and the light engine does not have, without any error, ``""`` for nothing.

    Customised built-in elements (``<ul is="social-list">``) are created by scripts there but not from markup.

    Args:
        html: the document as the engine left it.
    """
    return BUILT_IN if " is=" in html and _BUILT_IN.search(html) else ""


def missing_feature_in(errors: Iterable[str]) -> str:
    """Name the first part of the platform that script errors speak of, ``""`` where they speak of none.

    Args:
        errors: messages as engines word them.

    >>> missing_feature_in(["Uncaught ReferenceError: gtag is not defined", "ReferenceError: caches is not defined"])
    'caches'
    >>> missing_feature_in(["TypeError: Cannot read properties of undefined (reading 'createPolicy')"])
    'trustedTypes'
    >>> missing_feature_in(["ReferenceError: jQuery is not defined"])
    ''
    """
    for error in errors:
        if named := next((found[0] for found in _NAME.finditer(error) if found[0] in MISSING), ""):
            return named
        if (read := _READ.search(error)) and read[1] in READ_OF_NOTHING:
            return READ_OF_NOTHING[read[1]]
    return ""
