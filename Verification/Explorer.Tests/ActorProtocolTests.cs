using Troupe.Actors;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>The protocols of the actor runtime under x86-TSO.</summary>
public sealed class ActorProtocolTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_brought_to_a_worker_that_parks_is_done(int producers) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new WorkerIdleProtocol<ExplorerMemory, ExploredWorld>(producers)), name: $"{nameof(Work_brought_to_a_worker_that_parks_is_done)}-{producers}");

    [Fact]
    public void Parking_announced_by_a_plain_store_loses_work() =>
        Explorations.Find(output, ExploredWorld.Run(() => new WorkerIdleProtocol<PlainExchange, ExploredWorld>(1)), FailureKind.Deadlock);

    [Fact]
    public void Parking_without_looking_again_loses_work() =>
        Explorations.Find(output, ExploredWorld.Run(() => new WorkerIdleProtocol<ExplorerMemory, ExploredWorld>(1, looksAgain: false)), FailureKind.Deadlock);

    [Theory]
    [InlineData(2, 1, OverflowPolicy.Wait, 1)]
    [InlineData(2, 1, OverflowPolicy.Wait, 8)]
    [InlineData(2, 1, OverflowPolicy.DropOldest, 1)]
    public void Accepted_messages_are_handled_once_in_order_by_one_at_a_time(int producers, int messages, OverflowPolicy policy, int capacity) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new MailboxProtocol<ExplorerMemory, ExploredWorld>(producers, messages, new MailboxOptions { Capacity = capacity, OverflowPolicy = policy })), name: $"{nameof(Accepted_messages_are_handled_once_in_order_by_one_at_a_time)}-{producers}-{messages}-{policy}-{capacity}");

    [Fact]
    public void A_slot_that_is_being_emptied_is_not_filled() =>
        Explorations.Hold(
            output,
            ExploredWorld.Run(() => new MailboxProtocol<ExplorerMemory, ExploredWorld>(2, 3, new MailboxOptions { Capacity = 1, OverflowPolicy = OverflowPolicy.DropOldest })), isTooLarge: true, seconds: 3);

    [Fact]
    public void A_sender_that_is_slow_to_wait_lets_nobody_overtake_itself() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new SlowSenderProtocol<ExplorerMemory, ExploredWorld>()), isTooLarge: true, seconds: 3);

    [Fact]
    public void A_mailbox_that_grows_while_a_message_is_being_written_loses_nothing() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new MailboxProtocol<ExplorerMemory, ExploredWorld>(2, 5, MailboxOptions.Unbounded, isBurst: true)), isTooLarge: true, seconds: 3);

    [Fact]
    public void Publishing_and_releasing_by_plain_stores_strands_a_message() =>
        Explorations.Find(output, ExploredWorld.Run(() => new MailboxProtocol<PlainExchange, ExploredWorld>(2, 1, new MailboxOptions { Capacity = 8 })), FailureKind.Exception);

    [Theory]
    [InlineData(2, 1, false)]
    [InlineData(2, 2, false)]
    [InlineData(2, 1, true)]
    public void What_a_single_sender_sends_is_handled_once_in_order(int messages, int capacity, bool closes) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new SingleSenderProtocol<ExplorerMemory, ExploredWorld>(messages, capacity, closes)), name: $"{nameof(What_a_single_sender_sends_is_handled_once_in_order)}-{messages}-{capacity}-{closes}");

    [Fact]
    public void A_single_sender_loses_a_message_to_a_turn_that_ends_by_a_plain_store() =>
        Explorations.Find(output, ExploredWorld.Run(() => new SingleSenderProtocol<PlainExchange, ExploredWorld>(2, 2, closes: false)), FailureKind.Exception);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_item_of_a_run_queue_is_taken_once(int claims) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new WorkStealingProtocol<ExplorerMemory, ExploredWorld>(3, 1, claims)), name: $"{nameof(An_item_of_a_run_queue_is_taken_once)}-{claims}");

    [Fact]
    public void A_processor_has_one_holder_and_a_detached_thread_leaves_nothing_behind() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new ProcessorLeaseProtocol<ExplorerMemory, ExploredWorld>()));

    [Fact]
    public void A_turn_that_was_renewed_is_not_revoked_for_the_time_before() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new ProcessorLeaseProtocol<ExplorerMemory, ExploredWorld>(renews: true)));

    [Theory]
    [InlineData((int)LeaseDefect.NoFenceAfterTheTurn)]
    [InlineData((int)LeaseDefect.KeepsUnasked)]
    [InlineData((int)LeaseDefect.LeavesItsQueueBehind)]
    [InlineData((int)LeaseDefect.TakesClaimedUnasked)]
    public void A_broken_hand_over_of_a_processor_is_found_out(int defect) =>
        Explorations.Find(output, ExploredWorld.Run(() => new ProcessorLeaseProtocol<ExplorerMemory, ExploredWorld>((LeaseDefect)defect)), FailureKind.Exception, name: $"{nameof(A_broken_hand_over_of_a_processor_is_found_out)}-{defect}");

    [Fact]
    public void Every_watcher_is_told_of_an_end_once() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new EndWatchProtocol<ExplorerMemory, ExploredWorld>(1)));

    [Fact]
    public void A_watch_that_comes_after_the_end_must_be_answered() =>
        Explorations.Find(output, ExploredWorld.Run(() => new EndWatchProtocol<ExplorerMemory, ExploredWorld>(1, answersLate: false)), FailureKind.Exception);

    [Theory]
    [InlineData((int)SwapDisturbance.Withdrawal)]
    [InlineData((int)SwapDisturbance.Stop)]
    public void A_swap_keeps_its_place_and_has_one_outcome(int disturbance) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new SwapProtocol<ExplorerMemory, ExploredWorld>((SwapDisturbance)disturbance, others: 0)), name: $"{nameof(A_swap_keeps_its_place_and_has_one_outcome)}-{disturbance}");

    [Fact]
    public void A_swap_that_overtakes_is_found_out() =>
        Explorations.Find(output, ExploredWorld.Run(() => new SwapProtocol<ExplorerMemory, ExploredWorld>(SwapDisturbance.Ask, SwapDefect.Overtakes, others: 0)), FailureKind.Exception);

    [Fact]
    public void A_frame_has_one_owner() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new FramePoolProtocol<ExplorerMemory, ExploredWorld>(2, 1)));

    [Theory]
    [InlineData(40, 20, 20)]
    [InlineData(40, 50, 20)]
    [InlineData(long.MaxValue, 20, 20)]
    [InlineData(10, 40, 20)]
    public void A_timer_moved_while_the_clock_looks_is_looked_at_in_time(long dueAt, long move, long nextMove) =>
        Explorations.Hold(output, ExploredWorld.Run(() => new TimerDeadlineProtocol<ExplorerMemory, ExplorerMemory, ExploredWorld>(dueAt, move, nextMove)), name: $"{nameof(A_timer_moved_while_the_clock_looks_is_looked_at_in_time)}-{dueAt}-{move}-{nextMove}");

    [Fact]
    public void A_timer_moved_by_a_plain_store_is_looked_at_too_late() =>
        Explorations.Find(output, ExploredWorld.Run(() => new TimerDeadlineProtocol<PlainExchange, ExplorerMemory, ExploredWorld>(40, 20)), FailureKind.Exception);

    [Fact]
    public void Half_an_event_is_never_read_from_a_trace() =>
        Explorations.Hold(output, ExploredWorld.Run(() => new TraceRingProtocol<ExplorerMemory, ExploredWorld>(3, 1)));

    [Fact]
    public void A_reader_that_does_not_acquire_reads_half_an_event_where_loads_are_reordered()
    {
        Exploration.Run(ExploredWorld.Run(() => new TraceRingProtocol<UnorderedLoads, ExploredWorld>(1, 1))).MustHold();
        Explorations.Find(output, ExploredWorld.Run(() => new TraceRingProtocol<UnorderedLoads, ExploredWorld>(1, 1)), FailureKind.Exception, MemoryModel.ReleaseAcquire);
    }

    [Fact]
    public void A_trace_ring_with_two_writers_gives_half_an_event() =>
        Explorations.Find(output, ExploredWorld.Run(() => new TraceRingProtocol<ExplorerMemory, ExploredWorld>(1, 1, twoWriters: true)), FailureKind.Exception);
}
