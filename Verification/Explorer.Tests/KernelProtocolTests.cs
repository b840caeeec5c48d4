using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>The kernel's own protocols under x86-TSO, and what happens to them without their fences.</summary>
public sealed class KernelProtocolTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thread_made_ready_for_a_processor_that_goes_idle_runs() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new IdleWakeProtocol<ExplorerMemory, ExploredWorld>()), isTooLarge: true);

    [Fact]
    public void Without_the_fence_after_enqueuing_a_wake_up_is_lost() =>
        Explorations.Find(
            output,
            ExploredWorld.Run(
                () =>
                {
                    RelaxedMemory.LeaveOutFences();
                    return new IdleWakeProtocol<RelaxedMemory, ExploredWorld>();
                },
                (s, p) => s.Name(ref p.Mode, "mode")),
            FailureKind.Deadlock);

    [Fact]
    public void Each_ready_thread_runs_on_one_processor() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new RunQueueProtocol<ExplorerMemory, ExploredWorld>(waker: false)), isTooLarge: true);

    [Theory]
    [InlineData((int)Ending.Wake)]
    [InlineData((int)Ending.Signal)]
    [InlineData((int)(Ending.Wake | Ending.Deadline))]
    [InlineData((int)(Ending.Signal | Ending.Deadline))]
    public void A_futex_wait_ends_once(int endings) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new FutexProtocol<ExplorerMemory, ExploredWorld>((Ending)endings)), isTooLarge: true, name: $"{nameof(A_futex_wait_ends_once)}-{endings}");

    [Fact]
    public void A_deadline_ends_only_the_wait_it_was_set_for() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new FutexAgainProtocol<ExplorerMemory, ExploredWorld>()), isTooLarge: true, seconds: 3);

    [Fact]
    public void Blocking_by_a_plain_store_misses_a_signal() =>
        Explorations.Find(
            output,
            ExploredWorld.Run(
                () =>
                {
                    var protocol = new FutexProtocol<RelaxedMemory, ExploredWorld>(Ending.Signal);
                    RelaxedMemory.RelaxExchangesOf(ref protocol.State);
                    return protocol;
                },
                (s, p) => s.Name(ref p.State, "state")),
            FailureKind.Deadlock);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_processor_reaches_a_freed_frame(bool both) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new ShootdownProtocol<ExplorerMemory, ExploredWorld>(both)), isTooLarge: true, name: $"{nameof(No_processor_reaches_a_freed_frame)}-{both}");

    [Fact]
    public void A_processor_that_does_not_announce_that_it_leaves_idle_reaches_a_freed_frame() =>
        Explorations.Find(output, ExploredWorld.Run(() => new ShootdownProtocol<ExplorerMemory, ExploredWorld>(announces: false)), FailureKind.Exception);
}
