using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

/// <summary>What could grow beside the mailbox while an actor is stuck, and does not.</summary>
public sealed class BoundsTests : SystemFixture
{
    [Fact]
    public async Task However_often_a_stuck_actor_is_told_to_stop_it_keeps_one_request()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<int> stuck = Stuck(gate, new MailboxOptions());
        stuck.Tell(1);
        await Until(() => stuck.MailboxCount == 0);
        stuck.Stop();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int time = 0; time < 10_000; time++)
            stuck.Stop();
        // A request takes 32 bytes or more; the just-in-time compiler allocates a little on this thread.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);

        gate.Set();
        await stuck.Terminated.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_stop_after_a_draining_one_still_ends_it_at_once()
    {
        using var gate = new ManualResetEventSlim();
        int handled = 0;
        ActorRef<int> stuck = System.Spawn(new Acting<int>((_, _) =>
        {
            gate.Wait();
            handled++;
            return default;
        }));
        for (int number = 0; number < 5; number++)
            stuck.Tell(number);
        await Until(() => stuck.MailboxCount == 4);
        Task draining = stuck.StopAsync(drain: true);
        stuck.Stop();
        gate.Set();

        await draining.WaitAsync(Patience);
        Assert.Equal(1, handled);
        await Until(() => System.DeadLetterCount == 4);
    }

    [Fact]
    public async Task One_sender_more_than_may_wait_is_told_that_the_mailbox_is_full()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<int> stuck = Stuck(gate, new MailboxOptions { Capacity = 1, MaximumWaiting = 2 });
        stuck.Tell(0);
        await Until(() => stuck.MailboxCount == 0);
        stuck.Tell(1);
        Task[] waiting = [stuck.TellAsync(2).AsTask(), stuck.TellAsync(3).AsTask()];

        await Assert.ThrowsAsync<MailboxFullException>(async () => await stuck.TellAsync(4));
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        gate.Set();
        await Task.WhenAll(waiting).WaitAsync(Patience);
        await Until(() => System.Snapshot().All().Single().Handled == 4);
    }

    [Fact]
    public async Task A_write_to_the_channel_that_finds_as_many_waiting_fails_and_loses_nothing()
    {
        var mailbox = new Mailbox<int, ProcessorMemory>(new MailboxOptions { Capacity = 1, MaximumWaiting = 0 });
        await mailbox.Writer.WriteAsync(1);

        await Assert.ThrowsAsync<MailboxFullException>(async () => await mailbox.Writer.WriteAsync(2));
        Assert.Equal(1, mailbox.Count);
    }

    [Fact]
    public async Task An_ask_that_finds_as_many_waiting_fails_at_once()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<Reply<int>> stuck = System.Spawn(
            new Acting<Reply<int>>((_, reply) =>
            {
                gate.Wait();
                reply.Set(1);
                return default;
            }),
            mailbox: new MailboxOptions { Capacity = 1, MaximumWaiting = 0 });
        stuck.Tell(default);
        await Until(() => stuck.MailboxCount == 0);
        stuck.Tell(default);

        await Assert.ThrowsAsync<AskFailedException>(async () => await stuck.AskAsync<int>(static reply => reply));
        gate.Set();
    }

    [Fact]
    public async Task A_sender_that_was_let_in_counts_until_it_goes_on()
    {
        using var gate = new SemaphoreSlim(0);
        int handled = 0;
        ActorRef<int> slow = System.Spawn(
            new Acting<int>((_, _) =>
            {
                gate.Wait();
                Interlocked.Increment(ref handled);
                return default;
            }),
            mailbox: new MailboxOptions { Capacity = 1, MaximumWaiting = 2 });
        var told = new TaskCompletionSource();
        System.Spawn(new Acting<int>((_, _) =>
        {
            try
            {
                Fill();
                Task[] waiting = [slow.TellAsync(0).AsTask(), slow.TellAsync(0).AsTask()];
                gate.Release(4);
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref handled) == 4, Patience));
                Fill();
                // The mailbox has let both in, but this handler has not given them a turn to go on in.
                Assert.IsType<MailboxFullException>(slow.TellAsync(0).AsTask().Exception?.InnerException);
                Assert.DoesNotContain(waiting, task => task.IsCompleted);
                told.SetResult();
            }
            catch (Exception exception)
            {
                told.SetException(exception);
            }

            return default;
        })).Tell(0);

        await told.Task.WaitAsync(Patience);
        gate.Release(2);

        void Fill()
        {
            slow.Tell(0);
            Assert.True(SpinWait.SpinUntil(() => slow.MailboxCount == 0, Patience));
            slow.Tell(0);
        }
    }

    [Fact]
    public async Task A_send_canceled_while_it_waited_counts_until_the_receiver_comes_by()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<int> stuck = Stuck(gate, new MailboxOptions { Capacity = 1, MaximumWaiting = 1 });
        stuck.Tell(0);
        await Until(() => stuck.MailboxCount == 0);
        stuck.Tell(1);
        using var cancel = new CancellationTokenSource();
        Task canceled = stuck.TellAsync(2, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled);

        await Assert.ThrowsAsync<MailboxFullException>(async () => await stuck.TellAsync(3));
        gate.Set();
        await Until(() => stuck.TryTell(4));
    }

    private ActorRef<int> Stuck(ManualResetEventSlim gate, MailboxOptions mailbox) => System.Spawn(
        new Acting<int>((_, _) =>
        {
            gate.Wait();
            return default;
        }),
        mailbox: mailbox);
}
