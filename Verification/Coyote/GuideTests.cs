using Troupe.Actors;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>What docs/guide.md shows: actors under Coyote, and a mistake that is found.</summary>
public sealed class GuideTests(ITestOutputHelper output)
{
    [Fact]
    public void A_cashier_counts_what_two_clerks_bring() => Interleavings.Hold(output, CoyoteActorHost.Run(system =>
    {
        var till = new Till();
        ActorRef<int> cash = system.Spawn(new Cashier(till, system.Spawn(new Printer(), "printer")), "cash");
        system.Spawn(new Clerk(cash), "first").Tell(5);
        system.Spawn(new Clerk(cash), "second").Tell(7);
        return () => Assert.Equal(12, till.Sum);
    }));

    [Fact]
    public void Two_cashiers_with_one_till_lose_money() => Interleavings.Find(output, CoyoteActorHost.Run(system =>
    {
        var till = new Till();
        ActorRef<int> printer = system.Spawn(new Printer(), "printer");
        system.Spawn(new Cashier(till, printer), "first").Tell(5);
        system.Spawn(new Cashier(till, printer), "second").Tell(7);
        return () => Assert.Equal(12, till.Sum);
    }), "Expected: 12");

    private sealed class Till
    {
        public int Sum { get; set; }
    }

    private sealed class Cashier(Till till, ActorRef<int> printer) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int paid)
        {
            int before = till.Sum;
            printer.Tell(paid);
            till.Sum = before + paid;
            return default;
        }
    }

    private sealed class Printer : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int paid) => default;
    }

    private sealed class Clerk(ActorRef<int> cash) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int paid)
        {
            cash.Tell(paid);
            return default;
        }
    }
}
