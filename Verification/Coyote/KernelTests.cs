using Troupe.Core.Memory;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>The kernel's scheduler, futexes and shootdown under Coyote, each beside a planted bug that must be found.</summary>
public sealed class KernelTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thread_made_ready_for_a_processor_that_goes_idle_runs() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new IdleWakeProtocol<ProcessorMemory, CoyoteWorld>()));

    [Fact]
    public void Letting_interrupts_in_before_the_halt_loses_a_wake_up() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new IdleWakeProtocol<ProcessorMemory, CoyoteWorld>(dropsEarlyInterrupts: true)), "deadlock");

    [Fact]
    public void Each_ready_thread_runs_on_one_processor() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new RunQueueProtocol<ProcessorMemory, CoyoteWorld>(waker: true)));

    [Fact]
    public void A_run_queue_with_a_torn_lock_runs_a_thread_twice() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new RunQueueProtocol<BrokenMemory<TornExchange>, CoyoteWorld>(waker: true)), "");

    [Theory]
    [InlineData((int)Ending.Wake)]
    [InlineData((int)(Ending.Wake | Ending.Signal))]
    [InlineData((int)(Ending.Wake | Ending.Deadline | Ending.Signal))]
    public void A_futex_wait_ends_once(int endings) =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new FutexProtocol<ProcessorMemory, CoyoteWorld>((Ending)endings)), $"{nameof(A_futex_wait_ends_once)}-{endings}");

    // The explorer's body; it finds what is wrong there, and real threads run it here.
    [Fact]
    public void A_deadline_ends_only_the_wait_it_was_set_for() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new FutexAgainProtocol<ProcessorMemory, CoyoteWorld>()), iterations: 100);

    [Fact]
    public void A_futex_with_a_torn_lock_is_found_out() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new FutexProtocol<BrokenMemory<TornExchange>, CoyoteWorld>(Ending.Wake | Ending.Deadline | Ending.Signal)), "");

    [Fact]
    public void No_processor_reaches_a_freed_frame() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new ShootdownProtocol<ProcessorMemory, CoyoteWorld>()));

    [Fact]
    public void A_processor_that_does_not_announce_that_it_leaves_idle_reaches_a_freed_frame() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ShootdownProtocol<ProcessorMemory, CoyoteWorld>(announces: false)), "freed frame");
}
