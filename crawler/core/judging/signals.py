"""What is each sign that a profile is the site's own, or another's, and what is it worth?

Data for :mod:`crawler.core.judging.ownership`, which finds the signals, and :mod:`crawler.core.judging.ranking`, which
adds them up.  A label is for people alone: nothing decides by its words.
"""

from enum import Enum, unique


@unique
class Role(Enum):
    """What a signal says: where a profile is stated, or what stands around it."""

    OWN_STATEMENT = "the site's structured data states it of the site itself"
    STATEMENT = "how one place states it; each place has exactly one"
    CONTEXT = "what else speaks for or against it"


@unique
class Signal(Enum):
    """One sign, with its label for people and its weight in log-odds; ``make calibrate`` measures the weights."""

    # Where it is stated: the best one of all occurrences counts.
    OWN_JSON_LD = ("own JSON-LD", 4.0, Role.OWN_STATEMENT)
    JSON_LD = ("JSON-LD", 2.4, Role.STATEMENT)
    PERSON_JSON_LD = ("JSON-LD of a person", -0.5, Role.STATEMENT)
    FOREIGN_JSON_LD = ("JSON-LD of another entity", -3.0, Role.STATEMENT)
    OWN_MICRODATA = ("own microdata", 3.5, Role.OWN_STATEMENT)
    MICRODATA = ("microdata", 2.0, Role.STATEMENT)
    FOREIGN_MICRODATA = ("microdata of another entity", -3.0, Role.STATEMENT)
    REL_ME = ("rel=me", 3.0, Role.STATEMENT)
    FRAMED_ICON_ROW = ("icon row in the header or footer", 3.8, Role.STATEMENT)
    FRAMED_ROW = ("row in the header or footer", 2.8, Role.STATEMENT)
    ICON_ROW = ("icon row", 3.1, Role.STATEMENT)
    ROW_OF_NETWORKS = ("row of networks", 0.7, Role.STATEMENT)
    FRAMED_ICON = ("icon in the header or footer", 3.5, Role.STATEMENT)
    FRAMED_LINK = ("link in the header or footer", -0.1, Role.STATEMENT)
    ICON = ("icon", 1.3, Role.STATEMENT)
    LINK = ("link", -0.6, Role.STATEMENT)
    PLUGIN_OR_BUTTON = ("page plugin or follow button", 2.0, Role.STATEMENT)
    EMBEDDED_VIDEOS = ("embedded videos of a channel", -0.2, Role.STATEMENT)
    PUBLISHER_META = ("publisher meta", 1.8, Role.STATEMENT)
    SITE_META = ("site meta", 1.5, Role.STATEMENT)
    AUTHOR_META = ("author meta", -0.9, Role.STATEMENT)
    IFRAME = ("frame", -0.4, Role.STATEMENT)
    UNLINKED = ("handle or address beside a network's sign, without a link", 0.0, Role.STATEMENT)
    TEXT = ("text", -1.8, Role.STATEMENT)
    SCRIPT = ("script", -2.0, Role.STATEMENT)
    SETTINGS_ROW_IN_DATA = ("several networks in the page's own settings", 2.8, Role.STATEMENT)
    SETTINGS_IN_DATA = ("page's own settings", 0.6, Role.STATEMENT)
    DATA = ("page data", -1.8, Role.STATEMENT)
    INPUT = ("input", -0.4, Role.STATEMENT)
    # What speaks for it besides.
    SAME_NAME = ("same name", 2.7)
    SIMILAR_NAME = ("similar name", 1.3)
    ANOTHER_NAME = ("another name", -0.7)
    SPEAKS_OF_OWN_PAGE = ("speaks of its own page", 3.5)
    SOCIAL_HEADING = ("social heading", 1.4)
    LINK_NAMES_THE_SITE = ("link names the site", 2.0)
    LINK_IS_THE_NAME = ("link reads exactly as the site's name", 4.0)
    NAMED_ON_CONTACT_PAGE = ("has exactly the site's name on its contact page", 2.0)
    NAMED_LIKE_OWN_PROFILE = ("named like another own profile", 1.6)
    BESIDE_OWN_ACCOUNTS = ("beside the site's accounts", 1.6)
    OWN_BRANCH = ("labelled like an account of one of the site's branches", 3.0)
    ON_SEVERAL_PAGES = ("on several pages", 0.6)
    STATED_SEVERAL_WAYS = ("stated in several ways", 0.7)
    # What speaks against it.
    SHARE_WIDGET = ("share widget", -3.0)
    SHARE_CLASS = ("share class", -0.1)
    SHARE_WORDING = ("share wording", -2.0)
    AGENCY_CREDIT = ("agency credit", -4.1)
    NAMED_AFTER_OTHER = ("named after another entity", -3.0)
    NAMED_LIKE_MAKER = ("named like whoever made the site", -3.5)
    BESIDE_ACCOUNT_THAT_LOST = ("in the company of an account that lost", -3.0)
    BLOCK_OF_OTHER_PEOPLE = ("block of other people", -2.6)
    HEADING_ABOUT_OTHERS = ("heading about others", -3.3)
    COMMENT = ("comment", -4.0)
    FEED_OR_POST = ("feed or post", -2.4)
    PRIVACY_TEXT = ("privacy text", -3.6)
    IN_RUNNING_TEXT = ("in running text", -0.8)
    ONE_OF_TWO_ALIKE = ("one of two alike", -1.8)
    ONE_OF_MANY = ("one of many of its network", -2.4)
    AMONG_MANY_OTHERS = ("among many of another network", -2.4)
    ON_MANY_SITES = ("on many sites of the run", -3.0)
    HIDDEN = ("hidden", -0.3)
    PERSON_ACCOUNT = ("a person's account", -1.8)
    PERSON_BESIDE_ACCOUNTS = ("a person beside the site's accounts", -3.0)
    GROUP = ("a group", -1.0)
    UNRESOLVED = ("unresolved", -1.0)
    ONLY_ON_INNER_PAGE = ("only on an inner page", -0.4)

    def __init__(self, label: str, weight: float, role: Role = Role.CONTEXT) -> None:
        """Take the label, the weight in log-odds and the role."""
        self.label = label
        self.weight = weight
        self.role = role

    @property
    def is_own_statement(self) -> bool:
        """Whether the site says of itself that the profile is its own: no neighbour speaks against that."""
        return self.role is Role.OWN_STATEMENT

    @property
    def is_statement(self) -> bool:
        """Whether the signal says where a profile is stated."""
        return self.role is not Role.CONTEXT

    @property
    def is_contradiction(self) -> bool:
        """Whether it says that a profile is another entity's, not only that little speaks for it."""
        return self.weight <= CONTRADICTING_WEIGHT


BIAS = -1.2
"""Log-odds of a profile of which nothing is known."""

CONTRADICTING_WEIGHT = -2.4
"""Weight from which down a signal contradicts; chosen, not measured."""
