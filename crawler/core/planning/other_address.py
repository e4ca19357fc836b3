"""Under which other address may a site answer that did not?

Asked by :mod:`crawler.core.planning.plan` while nothing has answered at all.  Pure.
"""

from crawler.core.dossier import Dossier
from crawler.core.planning.robots import NO_ANSWER
from crawler.records import NO_CONNECTION, Engine, Failure, Page, Reason
from crawler.urls import registrable_domain


def other_address(dossier: Dossier) -> tuple[str, Engine, str] | None:
    """Return another address of the same site, while none has answered, with the engine to ask and why.

    The other scheme comes first, then the name with or without ``www.``.
    """
    first = dossier.visits[0].page
    site = dossier.site
    if isinstance(site, Failure) or not all(_is_out_of_reach(visit.page) for visit in dossier.visits):
        return None
    scheme, _, rest = first.requested_url.partition("://")
    hosts = [rest]
    is_name = not site.host.startswith("[") and not site.host.rpartition(".")[2].isdecimal()
    if is_name and registrable_domain(site.host) == site.host.removeprefix("www."):
        hosts.append(rest.removeprefix("www.") if rest.startswith("www.") else f"www.{rest}")
    # A port that was given belongs to the scheme that was given.
    has_other = site.port is None or not site.has_scheme
    schemes = (scheme, "http" if scheme == "https" else "https") if has_other else (scheme,)
    asked = {visit.page.requested_url for visit in dossier.visits}
    failed = {visit.page.requested_url.partition("://")[2]: visit.page.failure for visit in dossier.visits}
    for host in hosts:
        for each in schemes:
            # A name that does not resolve does so for neither scheme.
            is_nowhere = (failure := failed.get(host)) is not None and failure.reason is Reason.DNS_ERROR
            if (url := f"{each}://{host}") not in asked and not is_nowhere:
                why = f"{scheme} could not be reached" if host == rest else "the name could not be reached"
                return url, first.engine, why
    return None


def _is_out_of_reach(page: Page) -> bool:
    """Whether nothing has answered at all; an answer that came too late is one."""
    if page.failure is None or page.html:
        return False
    return page.failure.reason in (Reason.CONNECT_ERROR, Reason.TLS_ERROR, Reason.DNS_ERROR) or (
        page.failure in (NO_ANSWER, NO_CONNECTION)
    )
