using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>So many actors, each made for one message, on which it computes a little and ends.</summary>
internal sealed class ForkJoinCreate : SavinaBenchmark
{
    internal override string Name => "savina-fork-join-create";

    internal override int Size => 20_000;

    internal override long Expected(int size) => size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(size, result);
        for (int worker = 0; worker < size; worker++)
            stage.Spawn(new TroupeWorker(join)).Tell(worker);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(size, result);
        Props worker = Props.Create(() => new AkkaWorker(join));
        for (int made = 0; made < size; made++)
            stage.ActorOf(worker).Tell(Work.Instance, ActorRefs.NoSender);
    }

    private sealed class Work
    {
        internal static readonly Work Instance = new();
    }

    private sealed class TroupeWorker(Join join) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            join.Arrive(double.IsFinite(Math.Sin(37.2)) ? 1 : 0);
            Context.Stop();
            return default;
        }
    }

    private sealed class AkkaWorker(Join join) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            join.Arrive(double.IsFinite(Math.Sin(37.2)) ? 1 : 0);
            Context.Stop(Self);
        }
    }
}
