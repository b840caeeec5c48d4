namespace Troupe.Actors.Tests;

/// <summary>Issue 3, point 5, in small: whatever fails, no message is lost and none is counted twice.</summary>
public sealed class SupervisionAccountingTests : SystemFixture
{
    private const int Branches = 8;
    private const int Leaves = 8;
    private const int Senders = 4;
    private const int Each = 10_000;

    private readonly List<ActorRef> _everyLeaf = [];
    private long _handled;

    /// <summary>
    /// A top that restarts all its branches at once now and then, branches that restart, resume and stop their leaves, leaves that
    /// fail at every seventh message and are spawned anew, mailboxes that drop; senders that never look.
    /// </summary>
    [Fact]
    public async Task SentIsHandledAndDeadLettersAndDropped()
    {
        var leaves = new ActorRef<int>?[Branches * Leaves];
        ActorRef<int> top = System.Spawn(
            () => new Acting<int>(static (_, _) => default, self =>
            {
                for (int branch = 0; branch < Branches; branch++)
                    SpawnBranch(self, branch, leaves);
            }),
            new SpawnOptions
            {
                Name = "top",
                Supervision = new SupervisionStrategy { Scope = SupervisionScope.AllForOne, Decide = static _ => FailurePolicy.Restart, MaximumRestarts = 1_000_000 },
            });
        await Until(() => leaves.All(static leaf => leaf is not null));

        long sent = 0;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (int number = 0; number < Each; number++)
            {
                await leaves[(number * Senders + sender) % leaves.Length]!.TellAsync(number);
                Interlocked.Increment(ref sent);
            }
        }))).WaitAsync(Patience);
        await top.StopAsync(drain: true).WaitAsync(Patience);

        await Until(() => sent == Interlocked.Read(ref _handled) + System.DeadLetterCount + AllDropped());
        Assert.Equal(Senders * Each, sent);
        Assert.True(System.FailureCount > 1_000, $"There were only {System.FailureCount} failures.");
        Assert.Equal(0, System.ActorCount);

        long AllDropped()
        {
            lock (_everyLeaf)
                return _everyLeaf.Sum(static leaf => leaf.Dropped);
        }
    }

    private void SpawnBranch(Acting<int> top, int branch, ActorRef<int>?[] leaves) =>
        top.It.Spawn(
            () => new Acting<int>(static (_, _) => default, self =>
            {
                for (int leaf = 0; leaf < Leaves; leaf++)
                    SpawnLeaf(self, (branch * Leaves) + leaf, leaves);
            }),
            new SpawnOptions
            {
                Name = $"branch {branch}",
                Supervision = new SupervisionStrategy
                {
                    Scope = (SupervisionScope)(branch % 3),
                    Decide = static failure => (int)failure.Message! % 1_001 == 0 ? FailurePolicy.Escalate : (int)failure.Message! % 3 == 0 ? FailurePolicy.Resume : FailurePolicy.Restart,
                    MaximumRestarts = 1_000_000,
                },
            });

    private void SpawnLeaf(Acting<int> branch, int index, ActorRef<int>?[] leaves)
    {
        ActorRef<int> leaf = branch.It.Spawn(
            () => new Acting<int>(async (_, number) =>
            {
                Interlocked.Increment(ref _handled);
                if (number % 5 == 0)
                    await Task.Yield();
                if (number % 7 == 0)
                    throw new FormatException();
            }),
            new SpawnOptions
            {
                Name = $"leaf {index}",
                Mailbox = new MailboxOptions { Capacity = 16, OverflowPolicy = (index % 3) switch { 0 => OverflowPolicy.DropNewest, 1 => OverflowPolicy.DropOldest, _ => OverflowPolicy.Wait } },
            });
        lock (_everyLeaf)
            _everyLeaf.Add(leaf);
        Volatile.Write(ref leaves[index], leaf);
    }
}
