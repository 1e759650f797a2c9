"""The settings of django-unfold: the name, the log-in and the table of contents of the admin.

Colours, spacing and shapes are in static/billing/; the templates that replace the theme's own are
in templates/. Every asset is local and no page needs JavaScript to be read.
"""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse, reverse_lazy

from billing.admin_context import may


def may_read_payouts(request: HttpRequest) -> bool:
    return may(request, "payouts:read")


def may_read_checkouts(request: HttpRequest) -> bool:
    return may(request, "checkouts:read")


def may_read_customers(request: HttpRequest) -> bool:
    return may(request, "customers:read")


def may_read_subscriptions(request: HttpRequest) -> bool:
    return may(request, "subscriptions:read")


def may_read_revenue(request: HttpRequest) -> bool:
    return may(request, "revenue:read")


def may_read_events(request: HttpRequest) -> bool:
    return may(request, "events:read")


def may_read_webhooks(request: HttpRequest) -> bool:
    return may(request, "webhooks:read")


def may_read_wallets(request: HttpRequest) -> bool:
    return may(request, "wallets:read")


def may_administer_keys(request: HttpRequest) -> bool:
    return may(request, "api_keys:administer")


def may_administer_members(request: HttpRequest) -> bool:
    return may(request, "members:administer")


def may_administer_organization(request: HttpRequest) -> bool:
    return may(request, "organization:administer")


def may_pause(request: HttpRequest) -> bool:
    return may(request, "payouts:approve") or may_administer_organization(request)


def is_about_organization(request: HttpRequest) -> bool:
    """Its own page, and not that of the pause below it, which has an entry of its own."""
    below = reverse("admin:organizations_organization_changelist")
    return request.path.startswith(below) and not is_pausing(request)


def is_in_ledger(request: HttpRequest) -> bool:
    """Its lines, and not the page below them that sums them up, which has an entry of its own."""
    below = reverse("admin:revenue_revenueevent_changelist")
    return request.path.startswith(below) and not is_in_overview(request)


def is_in_overview(request: HttpRequest) -> bool:
    return request.path == reverse("admin:revenue_overview")


def is_among_subscriptions(request: HttpRequest) -> bool:
    """The list and its pages, and not the page below them that sums them up."""
    below = reverse("admin:subscriptions_subscription_changelist")
    return request.path.startswith(below) and request.path != reverse(
        "admin:subscriptions_overview"
    )


def is_pausing(request: HttpRequest) -> bool:
    return request.path == reverse("admin:organizations_organization_pause")


def _item(title: str, icon: str, view: str, permission: Any = None) -> dict[str, Any]:
    row = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{view}")}
    return row if permission is None else {**row, "permission": permission}


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            _item("Home", "home", "index"),
            _item("Payouts", "send", "payouts_payoutintent_changelist", may_read_payouts),
            _item("Batches", "parcel", "payouts_payoutbatch_changelist", may_read_payouts),
            _item("Imports", "list", "payouts_payoutimport_changelist", may_read_payouts),
            _item("Address book", "people", "payouts_recipient_changelist", may_read_payouts),
            _item("Settlements", "receipt", "payouts_settlement_changelist", may_read_payouts),
            _item(
                "Reconciliation",
                "scales",
                "reconciliation_reconciliationrun_changelist",
                may_read_payouts,
            ),
        ],
    },
    {
        "title": "Being paid",
        "items": [
            _item("Checkouts", "cart", "checkouts_checkout_changelist", may_read_checkouts),
            _item("Payments", "coins", "checkouts_payment_changelist", may_read_checkouts),
            _item("Payment links", "link", "checkouts_paymentlink_changelist", may_read_checkouts),
            _item("Customers", "people", "customers_customer_changelist", may_read_customers),
            _item("Revenue", "scales", "revenue_overview", may_read_revenue),
            {
                **_item("Ledger", "list", "revenue_revenueevent_changelist", may_read_revenue),
                "active": is_in_ledger,
            },
            _item("Adjustments", "swap", "revenue_adjustment_changelist", may_read_revenue),
        ],
    },
    {
        "title": "Subscriptions",
        "items": [
            _item("Overview", "swap", "subscriptions_overview", may_read_subscriptions),
            {
                **_item(
                    "Subscriptions",
                    "people",
                    "subscriptions_subscription_changelist",
                    may_read_subscriptions,
                ),
                "active": is_among_subscriptions,
            },
            _item(
                "Renewals", "receipt", "subscriptions_renewal_changelist", may_read_subscriptions
            ),
            _item("Plans", "list", "subscriptions_plan_changelist", may_read_subscriptions),
        ],
    },
    {
        "title": "Records",
        "items": [
            _item("Audit trail", "list", "events_event_changelist", may_read_events),
            _item("Deliveries", "parcel", "webhooks_delivery_changelist", may_read_webhooks),
            _item("Approvals", "tick", "approvals_approval_changelist", may_read_payouts),
            _item("Chains", "blocks", "chainwatch_chainhead_changelist", may_read_payouts),
            _item("Transfers", "swap", "chainwatch_transfer_changelist", may_read_payouts),
        ],
    },
    {
        "title": "Setup",
        "items": [
            _item("Wallets", "wallet", "wallets_wallet_changelist", may_read_wallets),
            _item(
                "Payment methods", "card", "checkouts_paymentmethod_changelist", may_read_checkouts
            ),
            _item("Approval policy", "shield", "approvals_policy_changelist", may_read_payouts),
            _item("Groups", "people", "approvals_approvergroup_changelist", may_read_payouts),
            _item("Branding", "palette", "checkouts_branding_changelist", may_read_checkouts),
            _item(
                "Renewal settings",
                "swap",
                "subscriptions_renewalsettings_changelist",
                may_read_subscriptions,
            ),
            _item("Webhooks", "antenna", "webhooks_endpoint_changelist", may_read_webhooks),
            _item(
                "Members", "people", "organizations_membership_changelist", may_administer_members
            ),
            _item("API keys", "key", "organizations_apikey_changelist", may_administer_keys),
            {
                **_item(
                    "Organization",
                    "building",
                    "organizations_organization_changelist",
                    may_administer_organization,
                ),
                "active": is_about_organization,
            },
            _item("Pause", "pause", "organizations_organization_pause", may_pause),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Payouts",
    "SITE_HEADER": "Payouts",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "reconciliation.home.home",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}
