using System.Runtime.CompilerServices;
using Troupe.Actors;
using Troupe.HotSwap.Contracts;

namespace Troupe.HotSwap.Tests;

/// <summary>One receiver, swapped again and again while senders keep its mailbox full.</summary>
/// <param name="swaps">How many, failed ones included.</param>
/// <param name="failEvery">Every so manieth import throws; 0: none.</param>
internal sealed class SwapsUnderLoad(int swaps, int failEvery)
{
    private const int Senders = 2;
    private const int MostCollections = 10;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    private readonly GapMeter _meter = new();
    private readonly List<WeakReference> _contexts = [];
    private readonly List<TimeSpan> _pauses = [];

    /// <summary>Runs it.</summary>
    internal async Task<SwapReport> RunAsync()
    {
        await using var system = new ActorSystem();
        ActorRef<Sequenced> receiver = system.Spawn(new Origin(Senders), "receiver");
        await TrySwapAsync(receiver, fails: false);
        _pauses.Clear();
        var senders = Enumerable.Range(0, Senders).Select(number => new Sender(number, receiver)).ToList();
        var references = senders.ConvertAll(sender => system.Spawn(sender));
        references.ForEach(static reference => reference.Tell(default));
        int rolledBack = 0;
        for (int swap = 1; swap <= swaps; swap++)
        {
            bool fails = failEvery > 0 && swap % failEvery == 0;
            _meter.SetProbe();
            await Task.Delay(1);
            if (!await TrySwapAsync(receiver, fails))
                rolledBack++;
        }

        foreach (ActorRef<bool> reference in references)
            await reference.StopAsync(drain: false).WaitAsync(_patience);
        ReceiverState state = await receiver.AskAsync<ReceiverState>(static reply => new Sequenced(0, -1, reply), _patience);
        int alive = Collect(out int collections);
        long sent = senders.Sum(static sender => sender.Sent);
        // The first gap is that of the origin.
        return new SwapReport
        {
            Swaps = swaps,
            RolledBack = rolledBack,
            Sent = sent,
            Handled = state.Handled,
            Lost = state.Lost,
            Doubled = state.Doubled,
            Contexts = _contexts.Count - 1,
            Alive = alive,
            Collections = collections,
            HandOvers = new(_pauses),
            Gaps = new(_meter.Swaps.Skip(1)),
            GapsWithoutSwap = new(_meter.Probes),
        };
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<bool> TrySwapAsync(ActorRef<Sequenced> receiver, bool fails)
    {
        try
        {
            SwapResult result = await receiver.SwapAsync(Load(fails)).WaitAsync(_patience);
            _pauses.Add(result.Pause);
            return true;
        }
        catch (HotSwapException) when (fails)
        {
            // Not kept: what its inner exception refers to stays loaded.
            return false;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Func<Actor<Sequenced>> Load(bool failsToImport)
    {
        var context = new SwappableContext();
        _contexts.Add(new WeakReference(context, trackResurrection: true));
        Func<Actor<Sequenced>> factory = context.Load(_meter, failsToImport);
        // From now on it lives as long as somebody uses what is in it.
        context.Unload();
        return factory;
    }

    /// <summary>How many contexts are alive after as many full collections as it takes, but for the one in use.</summary>
    private int Collect(out int collections)
    {
        int Alive() => _contexts.Count(static context => context.IsAlive) - 1;
        for (collections = 0; collections < MostCollections && Alive() > 0; collections++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return Alive();
    }

    /// <summary>Numbers its messages, and waits when the receiver is behind.</summary>
    private sealed class Sender(int number, ActorRef<Sequenced> receiver) : Actor<bool>
    {
        private const int Batch = 64;
        private long _sent;

        internal long Sent => Volatile.Read(ref _sent);

        protected override async ValueTask ReceiveAsync(bool message)
        {
            for (int index = 0; index < Batch; index++)
            {
                await receiver.TellAsync(new Sequenced(number, _sent, default));
                _sent++;
            }

            Context.Self.Tell(default);
        }
    }

    /// <summary>Gives the first receiver its state.</summary>
    private sealed class Origin(int senders) : Actor<Sequenced>, IStateful<ReceiverState>
    {
        public ReceiverState ExportState() => new([.. new long[senders]], 0, 0, System.Diagnostics.Stopwatch.GetTimestamp());

        public void ImportState(ReceiverState state)
        {
        }

        protected override ValueTask ReceiveAsync(Sequenced message) => throw new NotSupportedException("The origin receives nothing.");
    }
}
