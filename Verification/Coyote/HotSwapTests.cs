using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>Hot swap under Coyote, against all that may come between, beside planted bugs that must be found.</summary>
public sealed class HotSwapTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData((int)SwapDisturbance.None)]
    [InlineData((int)SwapDisturbance.Withdrawal)]
    [InlineData((int)SwapDisturbance.Stop)]
    [InlineData((int)SwapDisturbance.Failure)]
    [InlineData((int)SwapDisturbance.Ask)]
    public void A_swap_keeps_its_place_and_has_one_outcome(int disturbance) =>
        Interleavings.Hold(output, Swap<ProcessorMemory>(disturbance), $"{nameof(A_swap_keeps_its_place_and_has_one_outcome)}-{disturbance}");

    [Theory]
    [InlineData((int)SwapDisturbance.None, (int)SwapDefect.Overtakes, "not by the behaviour of its time")]
    [InlineData((int)SwapDisturbance.Failure, (int)SwapDefect.KeepsTheFactory, "comes back")]
    [InlineData((int)SwapDisturbance.Stop, (int)SwapDefect.ForgetsAtTheEnd, "no outcome")]
    public void A_broken_swap_is_found_out(int disturbance, int defect, string report) =>
        Interleavings.Find(output, Swap<ProcessorMemory>(disturbance, defect), report, $"{nameof(A_broken_swap_is_found_out)}-{defect}");

    [Fact]
    public void A_swap_withdrawn_by_a_torn_compare_exchange_is_done_as_well() =>
        Interleavings.Find(output, Swap<BrokenMemory<TornCompareExchange>>((int)SwapDisturbance.Withdrawal), "");

    [Fact]
    public void A_swap_that_is_called_off_is_done_or_is_not() => Interleavings.Hold(output, CoyoteActorHost.Run(system =>
    {
        var caller = new CancellationTokenSource();
        var behaviours = new List<string>();
        ActorRef<int> actor = system.Spawn(() => new Behaviour("old", behaviours), new SpawnOptions { Name = "swapped" });
        Task<SwapResult> swap = actor.SwapAsync(() => new Behaviour("new", behaviours), caller.Token);
        ActorRef<int> canceling = system.Spawn(new Canceling(caller, actor), "canceling");
        canceling.Tell(0);
        return () =>
        {
            Assert.True(swap.IsCompleted, "it has an outcome");
            Assert.Equal(swap.IsCanceled ? "old" : "new", behaviours.Single());
        };
    }));

    private static Action Swap<TMemory>(int disturbance, int defect = 0)
        where TMemory : struct, IMemory =>
        CoyoteWorld.Run(() => new SwapProtocol<TMemory, CoyoteWorld>((SwapDisturbance)disturbance, (SwapDefect)defect));

    private sealed class Behaviour(string name, List<string> behaviours) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            behaviours.Add(name);
            return default;
        }
    }

    /// <summary>Calls the swap off and then asks which behaviour there is.</summary>
    private sealed class Canceling(CancellationTokenSource caller, ActorRef<int> actor) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            caller.Cancel();
            return actor.TellAsync(message);
        }
    }
}
