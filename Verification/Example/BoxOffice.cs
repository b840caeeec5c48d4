using Troupe.Actors;

namespace Troupe.Verification.Example;

/// <summary>Two clerks that sell the same seats.</summary>
internal static class BoxOffice
{
    public static ActorRef<Order>[] Open(ActorSystem system, int seats, ActorRef<Sale> ledger)
    {
        var plan = new SeatPlan(seats);
        return [system.Spawn(new Clerk(plan, ledger), "left"), system.Spawn(new Clerk(plan, ledger), "right")];
    }
}
