using Troupe.Actors;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Behaviours that are compiled in are swapped by name under load (docs/hot-swap.md): numbers arrive in order, each once, whoever counts them; a swap
/// whose import fails changes nothing.
/// </summary>
internal static class Swapping
{
    private const int Swaps = 200;
    private const int FailEvery = 10;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    internal static bool Run()
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new GuestMachine().Workers });
        system.Behaviours.Register<Numbered>("upwards", static () => new Counting());
        system.Behaviours.Register<Numbered>("downwards", static () => new CountingDown());
        system.Behaviours.Register<Numbered>("broken", static () => new Broken());
        ActorRef<Numbered> counter = system.Spawn(new Counting(), "counter");
        int stop = 0;
        long sent = 0;
        Task sender = Task.Run(async () =>
        {
            for (; Volatile.Read(ref stop) == 0; sent++)
                await counter.TellAsync(new Numbered(sent, default));
        });

        int swapped = 0, rolledBack = 0;
        TimeSpan longest = TimeSpan.Zero;
        for (int swap = 1; swap <= Swaps; swap++)
        {
            string behaviour = swap % FailEvery == 0 ? "broken" : swap % 2 == 0 ? "upwards" : "downwards";
            Task<SwapResult> swapping = system.SwapAsync("/counter", behaviour);
            if (!((IAsyncResult)swapping).AsyncWaitHandle.WaitOne(_patience))
            {
                Console.WriteLine($"swap {swap} does not come to an end");
                return false;
            }

            if (swapping.IsCompletedSuccessfully)
            {
                swapped++;
                longest = swapping.Result.Pause > longest ? swapping.Result.Pause : longest;
            }
            else
            {
                rolledBack++;
            }
        }

        Volatile.Write(ref stop, 1);
        sender.Wait(_patience);
        Count count = counter.AskAsync<Count>(static reply => new Numbered(-1, reply), _patience).AsTask().GetAwaiter().GetResult();
        system.DisposeAsync().AsTask().Wait();
        Console.WriteLine($"{swapped} swaps by name and {rolledBack} rolled back under {sent} messages: {count.Next} in order, {count.Wrong} not; hand-over at most {longest.TotalMilliseconds:F2} ms");
        return swapped == Swaps - Swaps / FailEvery && rolledBack == Swaps / FailEvery && count == new Count(sent, 0) && sent > Swaps;
    }

    private readonly record struct Numbered(long Number, Reply<Count> Reply);

    private sealed record Count(long Next, long Wrong);

    private class Counting : Actor<Numbered>, IStateful<Count>
    {
        private long _next;
        private long _wrong;

        protected virtual long Next
        {
            get => _next;
            set => _next = value;
        }

        public Count ExportState() => new(Next, _wrong);

        public virtual void ImportState(Count state) => (Next, _wrong) = (state.Next, state.Wrong);

        protected override ValueTask ReceiveAsync(Numbered message)
        {
            if (message.Number < 0)
                message.Reply.Set(ExportState());
            else if (message.Number == Next)
                Next++;
            else
                _wrong++;
            return default;
        }
    }

    /// <summary>Keeps the same state another way.</summary>
    private sealed class CountingDown : Counting
    {
        private long _left = long.MaxValue;

        protected override long Next
        {
            get => long.MaxValue - _left;
            set => _left = long.MaxValue - value;
        }
    }

    private sealed class Broken : Counting
    {
        public override void ImportState(Count state) => throw new InvalidOperationException("This import fails on purpose.");
    }
}
