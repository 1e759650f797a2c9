"""What a call about subscriptions can be refused for. Messages say what is so, then what to do."""

from billing.errors import Forbidden, InvalidRequest
from subscriptions.models import Plan, Renewal, Subscription


class CustomerUnknown(InvalidRequest):
    """400: the customer that was named is none of the caller's."""

    code = "customer_not_found"

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            f"No such customer: {customer_id}. Name one of yours.", param="customer_id"
        )


class PlanUnknown(InvalidRequest):
    """400: the plan that was named is none of the caller's."""

    code = "plan_not_found"

    def __init__(self, plan_id: str) -> None:
        super().__init__(f"No such plan: {plan_id}. Name one of yours.", param="plan_id")


class PlanArchived(InvalidRequest):
    """400: an archived plan takes no new subscriptions."""

    code = "plan_archived"

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"Plan {plan.id} is archived: nobody new can subscribe to it. Make it active again, "
            "or name another plan.",
            param="plan_id",
        )


class SubscriptionOver(InvalidRequest):
    """400: the subscription is canceled or expired, which is final."""

    code = "subscription_over"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            f"Subscription {subscription.id} is {subscription.status}, which is final. "
            "Make another one for this customer.",
            param="action",
        )


class CustomerMayNotCancel(Forbidden):
    """403: the organization does not let customers cancel on their page."""

    code = "customer_may_not_cancel"

    def __init__(self, subscription_id: str) -> None:
        super().__init__(
            f"The customer of subscription {subscription_id} may not cancel it. Ask the merchant."
        )


class SubscriptionNotRunning(InvalidRequest):
    """400: only what runs can be paused."""

    code = "subscription_not_running"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            f"Subscription {subscription.id} is {subscription.status}. Only one that is trialing, "
            "active or past due can be paused.",
            param="action",
        )


class SubscriptionNotPaused(InvalidRequest):
    """400: only what is paused can be resumed."""

    code = "subscription_not_paused"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            f"Subscription {subscription.id} is {subscription.status}. Only a paused one can be "
            "resumed.",
            param="action",
        )


class RenewalBeingPaid(InvalidRequest):
    """400: money for the open renewal is on its way, and a pause would take the period from it."""

    code = "renewal_being_paid"

    def __init__(self, renewal: Renewal) -> None:
        super().__init__(
            f"A payment for renewal {renewal.id} is being confirmed. Pause the subscription when "
            "that is done.",
            param="action",
        )


class RenewalNotFailed(InvalidRequest):
    """400: only a failed renewal of a subscription that goes on can be retried."""

    code = "renewal_not_failed"

    def __init__(self, renewal: Renewal) -> None:
        super().__init__(
            f"Renewal {renewal.id} is {renewal.status}"
            f"{' for good' if renewal.status == 'failed' else ''}. Only a failed one can be "
            "retried, while its subscription goes on and attempts are left.",
            param="status",
        )


class SubscriptionUnknown(InvalidRequest):
    """400: the subscription that was named is none of the caller's."""

    code = "subscription_not_found"

    def __init__(self, subscription_id: str) -> None:
        super().__init__(
            f"No such subscription: {subscription_id}. Name one of yours.", param="subscription_id"
        )


class EntitlementExists(InvalidRequest):
    """400: the plan says already how far this feature is open."""

    code = "entitlement_exists"

    def __init__(self, plan_id: str, feature_key: str) -> None:
        super().__init__(
            f"Plan {plan_id} has an entitlement for {feature_key} already. Change that one, or "
            "delete it first.",
            param="feature_key",
        )
