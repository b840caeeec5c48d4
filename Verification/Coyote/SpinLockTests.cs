using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>The kernel's spin lock: one holder at a time.</summary>
public sealed class SpinLockTests(ITestOutputHelper output)
{
    [Fact]
    public void One_processor_at_a_time_holds_the_lock() => Interleavings.Hold(output, Contend<ProcessorMemory>);

    [Fact]
    public void A_lock_that_looks_and_then_takes_is_found_out() => Interleavings.Find(output, Contend<BrokenMemory<TornExchange>>, "two holders");

    private static void Contend<TMemory>()
        where TMemory : struct, IMemory
    {
        CoyoteProcessors.PowerOn(3);
        var state = new State<TMemory>();
        Action contender = () =>
        {
            state.Lock.Acquire();
            Together.Require(Interlocked.Increment(ref state.Holders) == 1, "two holders");
            Interlocked.Decrement(ref state.Holders);
            state.Lock.Release();
        };
        CoyoteProcessors.Run(contender, contender, contender);
        Together.Require(!state.Lock.IsHeld, "still held");
    }

    private sealed class State<TMemory>
        where TMemory : struct, IMemory
    {
        public SpinLock<TMemory, CoyoteProcessors> Lock;
        public int Holders;
    }
}
