using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>A producer sends increments as fast as it can, then asks for the count.</summary>
internal sealed class Counting : SavinaBenchmark
{
    internal override string Name => "savina-counting";

    internal override int Size => 1_000_000;

    internal override long Expected(int size) => size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        ActorRef<bool> counter = stage.Spawn(new TroupeCounter(result));
        stage.Spawn(new TroupeProducer(counter)).Tell(size);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef counter = stage.ActorOf(Props.Create(() => new AkkaCounter(result)));
        stage.ActorOf(Props.Create(() => new AkkaProducer(counter, size))).Tell(Increment.Instance, ActorRefs.NoSender);
    }

    private sealed class Increment
    {
        internal static readonly Increment Instance = new();
    }

    private sealed class Retrieve
    {
        internal static readonly Retrieve Instance = new();
    }

    private sealed class TroupeCounter(TaskCompletionSource<long> result) : Actor<bool>
    {
        private long _count;

        protected override ValueTask ReceiveAsync(bool retrieve)
        {
            if (retrieve)
                result.TrySetResult(_count);
            else
                _count++;
            return default;
        }
    }

    private sealed class TroupeProducer(ActorRef<bool> counter) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int messages)
        {
            for (int message = 0; message < messages; message++)
                await counter.TellAsync(false);
            await counter.TellAsync(true);
        }
    }

    private sealed class AkkaCounter(TaskCompletionSource<long> result) : UntypedActor
    {
        private long _count;

        protected override void OnReceive(object message)
        {
            if (message is Increment)
                _count++;
            else
                result.TrySetResult(_count);
        }
    }

    private sealed class AkkaProducer(IActorRef counter, int messages) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            for (int sent = 0; sent < messages; sent++)
                counter.Tell(Increment.Instance, Self);
            counter.Tell(Retrieve.Instance, Self);
        }
    }
}
