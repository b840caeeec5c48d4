using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>So many messages to each of 60 actors, in turn; each computes a little per message.</summary>
internal sealed class ForkJoinThroughput : SavinaBenchmark
{
    private const int Workers = 60;

    internal override string Name => "savina-fork-join-throughput";

    internal override int Size => 10_000;

    internal override long Expected(int size) => (long)Workers * size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        var workers = new ActorRef<int>[Workers];
        for (int worker = 0; worker < Workers; worker++)
            workers[worker] = stage.Spawn(new TroupeWorker(size, join));
        stage.Spawn(new TroupeFork(workers)).Tell(size);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        var workers = new IActorRef[Workers];
        for (int worker = 0; worker < Workers; worker++)
            workers[worker] = stage.ActorOf(Props.Create(() => new AkkaWorker(size, join)));
        stage.ActorOf(Props.Create(() => new AkkaFork(workers, size))).Tell(Work.Instance, ActorRefs.NoSender);
    }

    private sealed class Work
    {
        internal static readonly Work Instance = new();
    }

    private sealed class TroupeWorker(int messages, Join join) : Actor<int>
    {
        private int _handled;
        private double _value;

        protected override ValueTask ReceiveAsync(int message)
        {
            _value += Math.Sin(37.2 + _handled);
            if (++_handled == messages)
                join.Arrive(double.IsFinite(_value) ? _handled : 0);
            return default;
        }
    }

    private sealed class TroupeFork(ActorRef<int>[] workers) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int messages)
        {
            for (int message = 0; message < messages; message++)
            {
                foreach (ActorRef<int> worker in workers)
                    await worker.TellAsync(message);
            }
        }
    }

    private sealed class AkkaWorker(int messages, Join join) : UntypedActor
    {
        private int _handled;
        private double _value;

        protected override void OnReceive(object message)
        {
            _value += Math.Sin(37.2 + _handled);
            if (++_handled == messages)
                join.Arrive(double.IsFinite(_value) ? _handled : 0);
        }
    }

    private sealed class AkkaFork(IActorRef[] workers, int messages) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            for (int sent = 0; sent < messages; sent++)
            {
                foreach (IActorRef worker in workers)
                    worker.Tell(Work.Instance, Self);
            }
        }
    }
}
