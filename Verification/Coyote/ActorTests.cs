using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>Mailboxes, idle workers and run queues of the actor runtime under Coyote, each beside a planted bug that must be found.</summary>
public sealed class ActorTests(ITestOutputHelper output)
{
    private const uint Few = 100;

    [Theory]
    [InlineData(OverflowPolicy.Wait, 8)]
    [InlineData(OverflowPolicy.Wait, 1)]
    [InlineData(OverflowPolicy.DropOldest, 2)]
    public void Accepted_messages_are_handled_once_in_order_by_one_at_a_time(OverflowPolicy policy, int capacity) =>
        Interleavings.Hold(output, Mailbox<ProcessorMemory>(policy, capacity), $"{nameof(Accepted_messages_are_handled_once_in_order_by_one_at_a_time)}-{policy}-{capacity}");

    [Fact]
    public void A_mailbox_that_grows_loses_nothing() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new MailboxProtocol<ProcessorMemory, CoyoteWorld>(2, 5, MailboxOptions.Unbounded)));

    // The explorer's bodies; it finds what is wrong there, and real threads run them here.
    [Fact]
    public void A_mailbox_that_grows_while_a_message_is_being_written_loses_nothing() => Interleavings.Hold(
        output, CoyoteWorld.Run(() => new MailboxProtocol<ProcessorMemory, CoyoteWorld>(2, 5, MailboxOptions.Unbounded, isBurst: true)), iterations: Few);

    [Fact]
    public void A_slot_that_is_being_emptied_is_not_filled() => Interleavings.Hold(
        output,
        CoyoteWorld.Run(() => new MailboxProtocol<ProcessorMemory, CoyoteWorld>(2, 3, new MailboxOptions { Capacity = 1, OverflowPolicy = OverflowPolicy.DropOldest })),
        iterations: Few);

    [Fact]
    public void A_sender_that_is_slow_to_wait_lets_nobody_overtake_itself() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new SlowSenderProtocol<ProcessorMemory, CoyoteWorld>()), iterations: Few);

    [Theory]
    [InlineData(3, 1, false)]
    [InlineData(3, 2, false)]
    [InlineData(3, 1, true)]
    public void What_a_single_sender_sends_is_handled_once_in_order(int messages, int capacity, bool closes) =>
        Interleavings.Hold(
            output, CoyoteWorld.Run(() => new SingleSenderProtocol<ProcessorMemory, CoyoteWorld>(messages, capacity, closes)),
            $"{nameof(What_a_single_sender_sends_is_handled_once_in_order)}-{messages}-{capacity}-{closes}");

    [Fact]
    public void A_torn_compare_exchange_loses_what_a_single_sender_sent() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new SingleSenderProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>(3, 1, closes: true)), "");

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Senders_that_wait_for_room_are_let_in_in_order_and_go_on(int capacity) =>
        Interleavings.Hold(
            output,
            CoyoteWorld.Run(() => new WaitingSendersProtocol<ProcessorMemory, CoyoteWorld>(2, 3, capacity)),
            $"{nameof(Senders_that_wait_for_room_are_let_in_in_order_and_go_on)}-{capacity}");

    [Fact]
    public void A_waiting_sender_is_let_in_or_canceled() => Interleavings.Hold(output, () =>
    {
        CoyoteWorld.PowerOn(2);
        var caller = new CancellationTokenSource();
        var mailbox = new Mailbox<int, ProcessorMemory>(new MailboxOptions { Capacity = 1 });
        var handled = new List<int>();
        Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(1));
        ValueTask<EnqueueResult> waiting = mailbox.EnqueueAsync(2, caller.Token);
        CoyoteWorld.Run(caller.Cancel, () =>
        {
            do
            {
                while (mailbox.TryDequeue(out var message)) handled.Add(message);
            }
            while (mailbox.AdmitWaiting());
        });
        Assert.True(waiting.IsCompleted, "it has an outcome");
        Assert.Equal(waiting.IsCompletedSuccessfully ? [1, 2] : [1], handled);
    });

    [Fact]
    public void A_turn_that_does_not_look_for_waiting_senders_strands_them() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new WaitingSendersProtocol<ProcessorMemory, CoyoteWorld>(2, 3, 1, looksAgain: false)), "");

    [Fact]
    public void A_turn_that_does_not_look_again_strands_a_message() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new MailboxProtocol<ProcessorMemory, CoyoteWorld>(3, 1, new MailboxOptions { Capacity = 8 }, looksAgain: false)), "nobody comes for it");

    [Fact]
    public void A_torn_compare_exchange_loses_a_message_or_doubles_a_turn() =>
        Interleavings.Find(output, Mailbox<BrokenMemory<TornCompareExchange>>(OverflowPolicy.Wait, 8), "");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_brought_to_a_worker_that_parks_is_done(int producers) =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new WorkerIdleProtocol<ProcessorMemory, CoyoteWorld>(producers)), $"{nameof(Work_brought_to_a_worker_that_parks_is_done)}-{producers}");

    [Fact]
    public void Parking_without_looking_again_loses_work() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new WorkerIdleProtocol<ProcessorMemory, CoyoteWorld>(1, looksAgain: false)), "deadlock");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_item_of_a_run_queue_is_taken_once(int claims) =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new WorkStealingProtocol<ProcessorMemory, CoyoteWorld>(3, 2, claims)), $"{nameof(An_item_of_a_run_queue_is_taken_once)}-{claims}");

    [Fact]
    public void A_run_queue_with_a_torn_claim_gives_an_item_twice() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new WorkStealingProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>(3, 2)), "taken twice");

    [Fact]
    public void A_processor_has_one_holder_and_a_detached_thread_leaves_nothing_behind() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new ProcessorLeaseProtocol<ProcessorMemory, CoyoteWorld>()));

    [Fact]
    public void A_turn_that_was_renewed_is_not_revoked_for_the_time_before() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new ProcessorLeaseProtocol<ProcessorMemory, CoyoteWorld>(renews: true)));

    [Fact]
    public void A_turn_renewed_by_a_thread_that_was_detached_is_found_out() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ProcessorLeaseProtocol<ProcessorMemory, CoyoteWorld>(LeaseDefect.RenewsUnasked, renews: true)), "take too long");

    [Theory]
    [InlineData((int)LeaseDefect.KeepsUnasked, "")]
    [InlineData((int)LeaseDefect.LeavesItsQueueBehind, "left in the queue")]
    [InlineData((int)LeaseDefect.TakesClaimedUnasked, "")]
    public void A_broken_hand_over_of_a_processor_is_found_out(int defect, string report) =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ProcessorLeaseProtocol<ProcessorMemory, CoyoteWorld>((LeaseDefect)defect)), report, $"{nameof(A_broken_hand_over_of_a_processor_is_found_out)}-{defect}");

    [Fact]
    public void A_lease_decided_by_a_torn_compare_exchange_has_two_holders() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ProcessorLeaseProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>()), "");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_child_outlives_its_parent(int spawners) =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new ChildRegisterProtocol<ProcessorMemory, CoyoteWorld>(spawners)), $"{nameof(No_child_outlives_its_parent)}-{spawners}");

    [Fact]
    public void A_parent_that_only_looks_at_its_children_is_outlived() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ChildRegisterProtocol<ProcessorMemory, CoyoteWorld>(2, closes: false)), "");

    [Fact]
    public void A_child_register_with_a_torn_push_loses_a_child() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new ChildRegisterProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>(2)), "");

    [Fact]
    public void Every_watcher_is_told_of_an_end_once() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new EndWatchProtocol<ProcessorMemory, CoyoteWorld>(2)));

    [Fact]
    public void A_watch_that_comes_after_the_end_must_be_answered() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new EndWatchProtocol<ProcessorMemory, CoyoteWorld>(2, answersLate: false)), "told not once");

    [Fact]
    public void A_torn_push_loses_a_watch() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new EndWatchProtocol<BrokenMemory<TornCompareExchange>, CoyoteWorld>(2)), "");

    [Theory]
    [InlineData(40, 20)]
    [InlineData(long.MaxValue, 20)]
    [InlineData(10, 40)]
    public void A_timer_moved_while_the_clock_looks_is_looked_at_in_time(long dueAt, long move) =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new TimerDeadlineProtocol<ProcessorMemory, ProcessorMemory, CoyoteWorld>(dueAt, move)), $"{nameof(A_timer_moved_while_the_clock_looks_is_looked_at_in_time)}-{dueAt}-{move}");

    [Fact]
    public void Half_an_event_is_never_read_from_a_trace() =>
        Interleavings.Hold(output, CoyoteWorld.Run(() => new TraceRingProtocol<ProcessorMemory, CoyoteWorld>(4, 2)));

    [Fact]
    public void A_trace_ring_with_two_writers_gives_half_an_event() =>
        Interleavings.Find(output, CoyoteWorld.Run(() => new TraceRingProtocol<ProcessorMemory, CoyoteWorld>(2, 1, twoWriters: true)), "half of one event");

    private static Action Mailbox<TMemory>(OverflowPolicy policy, int capacity)
        where TMemory : struct, IMemory =>
        CoyoteWorld.Run(() => new MailboxProtocol<TMemory, CoyoteWorld>(3, 1, new MailboxOptions { Capacity = capacity, OverflowPolicy = policy }));
}
