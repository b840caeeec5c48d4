using Troupe.Actors;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// A tree of 1,000 actors on four levels that fail all the time while several senders tell them messages: what was sent must have been handled, or be
/// a dead letter, or dropped by policy, exactly. Part of tests/Actors too.
/// </summary>
internal sealed class FailureStorm
{
    private const int Branches = 9, Twigs = 10, Leaves = 10;
    private const int Senders = 4;

    /// <summary>A leaf fails at every third message; these say what then becomes of it, and the rest is restarted.</summary>
    private const int EscalatesEvery = 1_001, StopsEvery = 997, ResumesEvery = 5;

    private readonly ActorRef<int>?[] _leaves = new ActorRef<int>?[Branches * Twigs * Leaves];
    private readonly List<ActorRef> _everyLeaf = [];
    private readonly ActorSystem _system;
    private long _handled;
    private long _sent;

    private FailureStorm(ActorSystem system) => _system = system;

    /// <summary>What became of the messages.</summary>
    internal readonly record struct Sums(long Sent, long Handled, long DeadLetters, long Dropped, long Failures, int LeavesSpawned, int Living)
    {
        internal bool Hold => Sent == Handled + DeadLetters + Dropped;

        public override string ToString() =>
            $"{Failures} failures, {LeavesSpawned} leaves spawned, {Living} left: {Sent} messages sent = {Handled} handled + {DeadLetters} dead letters + {Dropped} dropped{(Hold ? "" : $" + {Sent - Handled - DeadLetters - Dropped} LOST")}";
    }

    /// <summary>Goes on until so many failures have happened, then drains the tree and adds up.</summary>
    internal static async Task<Sums> RunAsync(IWorkerHost? host, int failures, int seed, TimeSpan patience)
    {
        // Nobody is told: standard error would be what is measured.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = host, OnFailure = static _ => { }, ShutdownTimeout = patience });
        return await new FailureStorm(system).RunAsync(failures, seed, patience).ConfigureAwait(false);
    }

    private async Task<Sums> RunAsync(int failures, int seed, TimeSpan patience)
    {
        ActorRef<int> top = _system.Spawn(
            () => new Supervisor(Branches, SpawnBranch),
            new SpawnOptions { Name = "top", Supervision = Strategy(SupervisionScope.OneForOne, static _ => FailurePolicy.Restart) });
        while (Array.Exists(_leaves, static leaf => leaf is null))
            await Task.Delay(1).ConfigureAwait(false);

        using var late = new CancellationTokenSource(patience);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() => SendAsync(failures, new Random(seed + sender), late.Token)))).ConfigureAwait(false);
        await top.StopAsync(drain: true).WaitAsync(patience).ConfigureAwait(false);

        // The last suspended handlers are counted where they ended, the last dead letters where they were refused.
        Sums sums = Add();
        for (long start = TimeProvider.System.GetTimestamp(); !sums.Hold && TimeProvider.System.GetElapsedTime(start) < patience; sums = Add())
            await Task.Delay(1).ConfigureAwait(false);
        return sums;
    }

    private async Task SendAsync(int failures, Random random, CancellationToken late)
    {
        while (_system.FailureCount < failures && !late.IsCancellationRequested)
        {
            ActorRef<int> leaf = Volatile.Read(ref _leaves[random.Next(_leaves.Length)])!;
            await leaf.TellAsync(random.Next(1, 1_000_000), CancellationToken.None).ConfigureAwait(false);
            Interlocked.Increment(ref _sent);
        }
    }

    private Sums Add()
    {
        lock (_everyLeaf)
        {
            return new Sums(
                _sent, Interlocked.Read(ref _handled), _system.DeadLetterCount, _everyLeaf.Sum(static leaf => leaf.Dropped), _system.FailureCount, _everyLeaf.Count, _system.ActorCount);
        }
    }

    private void SpawnBranch(ActorContext<int> top, int branch) =>
        top.Spawn(
            () => new Supervisor(Twigs, (self, twig) => SpawnTwig(self, (branch * Twigs) + twig)),
            new SpawnOptions { Name = $"branch {branch}", Supervision = Strategy((SupervisionScope)(branch % 3), static _ => FailurePolicy.Restart) });

    private void SpawnTwig(ActorContext<int> branch, int twig) =>
        branch.Spawn(
            () => new Supervisor(Leaves, (self, leaf) => SpawnLeaf(self, (twig * Leaves) + leaf)),
            new SpawnOptions { Name = $"twig {twig}", Supervision = Strategy((SupervisionScope)(twig % 3), DecideForLeaf) });

    private void SpawnLeaf(ActorContext<int> twig, int index)
    {
        ActorRef<int> leaf = twig.Spawn(
            () => new Leaf(this),
            new SpawnOptions
            {
                Name = $"leaf {index}",
                Mailbox = new MailboxOptions { Capacity = 16, OverflowPolicy = (index % 3) switch { 0 => OverflowPolicy.DropNewest, 1 => OverflowPolicy.DropOldest, _ => OverflowPolicy.Wait } },
            });
        lock (_everyLeaf)
            _everyLeaf.Add(leaf);
        Volatile.Write(ref _leaves[index], leaf);
    }

    private static FailurePolicy DecideForLeaf(ActorFailure failure) => failure.Message is not int number || number % EscalatesEvery == 0
        ? FailurePolicy.Escalate
        : number % StopsEvery == 0 ? FailurePolicy.Stop : number % ResumesEvery == 0 ? FailurePolicy.Resume : FailurePolicy.Restart;

    private static SupervisionStrategy Strategy(SupervisionScope scope, Func<ActorFailure, FailurePolicy> decide) =>
        new() { Scope = scope, Decide = decide, MaximumRestarts = int.MaxValue };

    private sealed class Supervisor(int children, Action<ActorContext<int>, int> spawn) : Actor<int>
    {
        protected override void Started()
        {
            for (int child = 0; child < children; child++)
                spawn(Context, child);
        }

        protected override ValueTask ReceiveAsync(int message) => default;
    }

    private sealed class Leaf(FailureStorm storm) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int message)
        {
            Interlocked.Increment(ref storm._handled);
            if (message % 7 == 0)
                await Task.Yield();
            if (message % 3 == 0)
                throw new FormatException();
        }
    }
}
