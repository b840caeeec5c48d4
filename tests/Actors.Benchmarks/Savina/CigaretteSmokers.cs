using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>An arbiter picks one of 200 smokers at random; he says that he has begun, which lets the arbiter go on, and smokes. So many rounds.</summary>
internal sealed class CigaretteSmokers : SavinaBenchmark
{
    private const int Smokers = 200;

    internal override string Name => "savina-cigarette-smokers";

    internal override int Size => 100_000;

    internal override long Expected(int size) => size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Smokers, result);
        var smokers = new ActorRef<Order>[Smokers];
        for (int smoker = 0; smoker < Smokers; smoker++)
            smokers[smoker] = stage.Spawn(new TroupeSmoker(join));
        stage.Spawn(new TroupeArbiter(smokers, size)).Tell(0);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Smokers, result);
        var smokers = new IActorRef[Smokers];
        for (int smoker = 0; smoker < Smokers; smoker++)
            smokers[smoker] = stage.ActorOf(Props.Create(() => new AkkaSmoker(join)));
        stage.ActorOf(Props.Create(() => new AkkaArbiter(smokers, size))).Tell(Begun.Instance, ActorRefs.NoSender);
    }

    private static int Smoke(int busy)
    {
        double value = busy;
        for (int step = 0; step < busy; step++)
            value += Math.Log(value + 1.5);
        return double.IsFinite(value) ? 1 : 0;
    }

    /// <summary>Smoke for so long; without an arbiter: go home.</summary>
    private readonly record struct Order(int Busy, ActorRef<int>? Arbiter);

    private sealed record Light(int Busy);

    private sealed class Begun
    {
        internal static readonly Begun Instance = new();
    }

    private sealed class Home
    {
        internal static readonly Home Instance = new();
    }

    private sealed class TroupeArbiter(ActorRef<Order>[] smokers, int rounds) : Actor<int>
    {
        private readonly Random _random = new(1);
        private int _round;

        protected override ValueTask ReceiveAsync(int begun)
        {
            if (_round++ < rounds)
            {
                smokers[_random.Next(Smokers)].Tell(new Order(_random.Next(10), Context.Self));
                return default;
            }

            foreach (ActorRef<Order> smoker in smokers)
                smoker.Tell(default);
            return default;
        }
    }

    private sealed class TroupeSmoker(Join join) : Actor<Order>
    {
        private int _smoked;

        protected override ValueTask ReceiveAsync(Order order)
        {
            if (order.Arbiter is null)
            {
                join.Arrive(_smoked);
                return default;
            }

            order.Arbiter.Tell(0);
            _smoked += Smoke(order.Busy);
            return default;
        }
    }

    private sealed class AkkaArbiter(IActorRef[] smokers, int rounds) : UntypedActor
    {
        private readonly Random _random = new(1);
        private int _round;

        protected override void OnReceive(object message)
        {
            if (_round++ < rounds)
            {
                smokers[_random.Next(Smokers)].Tell(new Light(_random.Next(10)), Self);
                return;
            }

            foreach (IActorRef smoker in smokers)
                smoker.Tell(Home.Instance, Self);
        }
    }

    private sealed class AkkaSmoker(Join join) : UntypedActor
    {
        private int _smoked;

        protected override void OnReceive(object message)
        {
            if (message is Light light)
            {
                Sender.Tell(Begun.Instance, Self);
                _smoked += Smoke(light.Busy);
            }
            else
            {
                join.Arrive(_smoked);
            }
        }
    }
}
