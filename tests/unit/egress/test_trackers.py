from crawler.egress.trackers import hosts_in, tracker_hosts, trackers_of


def test_hosts_are_picked_by_what_they_do() -> None:
    entities: list[dict[str, object]] = [
        {"category": "ad", "domains": ["*.ads.example", "one.ads.example", "Shared.example"]},
        {"category": "analytics", "domains": ["stats.example"]},
        {"category": "cdn", "domains": ["files.example", "shared.example"]},
        {"category": "consent-provider", "domains": ["consent.example"]},
    ]

    assert hosts_in(entities) == ["ads.example", "stats.example"]


def test_list_has_the_common_ones_and_no_network() -> None:
    hosts = tracker_hosts()

    assert {"google-analytics.com", "googletagmanager.com", "doubleclick.net", "hotjar.com"} <= hosts
    assert not hosts & {
        "facebook.com",
        "instagram.com",
        "linkedin.com",
        "x.com",
        "twitter.com",
        "tiktok.com",
        "youtube.com",
    }
    assert not hosts & {"google.com", "apple.com", "microsoft.com", "wix.com", "squarespace.com", "cloudflare.com"}


def test_a_site_of_the_crawl_is_not_refused_its_own_hosts() -> None:
    assert "hotjar.com" in trackers_of("www.hotjar.com")
    assert "hotjar.io" not in trackers_of("www.hotjar.com")
