using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Verification.Protocols;
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
        CoyoteWorld.PowerOn(3);
        var state = new State<TMemory>();
        Action contender = () =>
        {
            state.Lock.Acquire();
            Protocol.Require(Interlocked.Increment(ref state.Holders) == 1, "two holders");
            Interlocked.Decrement(ref state.Holders);
            state.Lock.Release();
        };
        CoyoteWorld.Run(contender, contender, contender);
        Protocol.Require(!state.Lock.IsHeld, "still held");
    }

    private sealed class State<TMemory>
        where TMemory : struct, IMemory
    {
        public SpinLock<TMemory, CoyoteWorld> Lock;
        public int Holders;
    }
}
