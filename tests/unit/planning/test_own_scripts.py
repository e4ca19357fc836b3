"""Is a complete page rendered only where a script of the site may add profiles?"""

from crawler.core.planning.own_scripts import may_add_profiles

URL = "https://studio-atlas.example/"
ROWS: list[tuple[str, str, bool]] = [
    ("no script", "<p>hello</p>", False),
    ("own bundle", "<script src=/assets/app.4f2a.js></script>", True),
    ("own bundle on a name below", "<script src=//cdn.studio-atlas.example/main.js></script>", True),
    ("own theme", "<script src=/wp-content/themes/atlas/main.js></script>", True),
    ("library", "<script src=/js/jquery-3.7.1.min.js></script><script src=/js/bootstrap.bundle.js></script>", False),
    ("script of another site", "<script src=https://widgets.example/app.js></script>", False),
    ("data", '<script type="application/json">{"innerHTML": 1}</script>', False),
    ("script on the page that adds", "<script>row.innerHTML += more</script>", True),
    ("module that imports one", "<script type=module>import './app.js'</script>", True),
    ("slider", "<script>$('.slider').slick({})</script>", False),
    ("tracker", "<script>(function(d){d.head.appendChild(x)})(document);gtag('js')</script>", False),
    ("comment with a profile", "<script>1</script><!-- <a href=https://www.facebook.com/atlas>f</a> -->", True),
    ("library that fills in", "<script src=//cdn.example/lib.js></script><template x-for='a in b'></template>", True),
    ("comment of a theme", "<script>1</script><!-- footer -->", False),
]


def test_signs() -> None:
    assert {name: bool(may_add_profiles(html, URL)) for name, html, _ in ROWS} == {
        name: want for name, _, want in ROWS
    }
