using Troupe.Actors;

namespace Troupe.Verification.Example;

/// <summary>Sells seats.</summary>
internal sealed class Clerk(SeatPlan plan, ActorRef<Sale> ledger) : Actor<Order>
{
    protected override ValueTask ReceiveAsync(Order message)
    {
        int seat = plan.NextFree;
        if (seat < plan.Seats)
        {
            ledger.Tell(new Sale(message.Customer, seat));
            plan.NextFree = seat + 1;
        }

        return default;
    }
}
