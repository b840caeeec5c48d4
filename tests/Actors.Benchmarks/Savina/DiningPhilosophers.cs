using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>20 philosophers ask an arbiter for both of their forks; who is refused asks again. Each eats so many times.</summary>
internal sealed class DiningPhilosophers : SavinaBenchmark
{
    private const int Philosophers = 20;

    internal override string Name => "savina-dining-philosophers";

    internal override int Size => 5_000;

    internal override long Expected(int size) => (long)Philosophers * size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        ActorRef<Wish> arbiter = stage.Spawn(new TroupeArbiter(Philosophers * size, result));
        for (int philosopher = 0; philosopher < Philosophers; philosopher++)
            stage.Spawn(new TroupePhilosopher(philosopher, size, arbiter));
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef arbiter = stage.ActorOf(Props.Create(() => new AkkaArbiter(Philosophers * size, result)));
        for (int index = 0; index < Philosophers; index++)
        {
            int philosopher = index;
            stage.ActorOf(Props.Create(() => new AkkaPhilosopher(philosopher, size, arbiter)));
        }
    }

    /// <summary>The table: forks are taken in pairs or not at all.</summary>
    private sealed class Table(int meals, TaskCompletionSource<long> result)
    {
        private readonly bool[] _taken = new bool[Philosophers];
        private long _meals;

        internal bool TryTake(int philosopher)
        {
            int right = (philosopher + 1) % Philosophers;
            if (_taken[philosopher] || _taken[right])
                return false;
            _taken[philosopher] = _taken[right] = true;
            return true;
        }

        internal void PutBack(int philosopher)
        {
            int right = (philosopher + 1) % Philosophers;
            if (!_taken[philosopher] || !_taken[right])
                throw new InvalidOperationException($"Philosopher {philosopher} puts back forks that are not taken.");
            _taken[philosopher] = _taken[right] = false;
            if (++_meals == meals)
                result.TrySetResult(_meals);
        }
    }

    /// <summary>Hungry, or sated.</summary>
    private readonly record struct Wish(int Philosopher, bool Sated, ActorRef<bool>? Sender);

    private sealed record Hungry(int Philosopher);

    private sealed record Sated(int Philosopher);

    private sealed class Granted
    {
        internal static readonly Granted Instance = new();
    }

    private sealed class Refused
    {
        internal static readonly Refused Instance = new();
    }

    private sealed class TroupeArbiter(int meals, TaskCompletionSource<long> result) : Actor<Wish>
    {
        private readonly Table _table = new(meals, result);

        protected override ValueTask ReceiveAsync(Wish wish)
        {
            if (wish.Sated)
                _table.PutBack(wish.Philosopher);
            else
                wish.Sender!.Tell(_table.TryTake(wish.Philosopher));
            return default;
        }
    }

    private sealed class TroupePhilosopher(int number, int meals, ActorRef<Wish> arbiter) : Actor<bool>
    {
        private int _eaten;

        protected override void Started() => Ask();

        protected override ValueTask ReceiveAsync(bool granted)
        {
            if (granted)
            {
                _eaten++;
                arbiter.Tell(new Wish(number, true, null));
            }

            if (_eaten < meals)
                Ask();
            return default;
        }

        private void Ask() => arbiter.Tell(new Wish(number, false, Context.Self));
    }

    private sealed class AkkaArbiter(int meals, TaskCompletionSource<long> result) : UntypedActor
    {
        private readonly Table _table = new(meals, result);

        protected override void OnReceive(object message)
        {
            if (message is Hungry hungry)
                Sender.Tell(_table.TryTake(hungry.Philosopher) ? Granted.Instance : Refused.Instance, Self);
            else
                _table.PutBack(((Sated)message).Philosopher);
        }
    }

    private sealed class AkkaPhilosopher(int number, int meals, IActorRef arbiter) : UntypedActor
    {
        private readonly Hungry _hungry = new(number);
        private readonly Sated _sated = new(number);
        private int _eaten;

        protected override void PreStart() => arbiter.Tell(_hungry, Self);

        protected override void OnReceive(object message)
        {
            if (message is Granted)
            {
                _eaten++;
                arbiter.Tell(_sated, Self);
            }

            if (_eaten < meals)
                arbiter.Tell(_hungry, Self);
        }
    }
}
