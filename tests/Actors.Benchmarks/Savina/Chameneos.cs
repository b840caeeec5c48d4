using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>100 creatures meet in pairs at a mall, so many times, and change colour by whom they met; each counts its meetings.</summary>
internal sealed class Chameneos : SavinaBenchmark
{
    private const int Creatures = 100;

    internal override string Name => "savina-chameneos";

    internal override int Size => 100_000;

    /// <summary>Two count each meeting.</summary>
    internal override long Expected(int size) => 2L * size;

    private static int Complement(int one, int other) => one == other ? one : 3 - one - other;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        ActorRef<Arrival> mall = stage.Spawn(new TroupeMall(size));
        var join = new Join(Creatures, result);
        for (int creature = 0; creature < Creatures; creature++)
            stage.Spawn(new TroupeCreature(mall, creature % 3, join));
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef mall = stage.ActorOf(Props.Create(() => new AkkaMall(size)));
        var join = new Join(Creatures, result);
        for (int index = 0; index < Creatures; index++)
        {
            int colour = index % 3;
            stage.ActorOf(Props.Create(() => new AkkaCreature(mall, colour, join)));
        }
    }

    /// <summary>A creature of that colour wants to meet somebody.</summary>
    private readonly record struct Arrival(int Colour, ActorRef<Meeting> Creature);

    /// <summary>Somebody of that colour was met; or the mall is closed.</summary>
    private readonly record struct Meeting(int Colour, bool Closed);

    private sealed record AkkaArrival(int Colour);

    private sealed record AkkaMeeting(int Colour, bool Closed)
    {
        internal static readonly AkkaMeeting End = new(0, true);
    }

    private sealed class TroupeMall(int meetings) : Actor<Arrival>
    {
        private int _meetings = meetings;
        private Arrival? _waiting;

        protected override ValueTask ReceiveAsync(Arrival arrival)
        {
            if (_meetings == 0)
            {
                arrival.Creature.Tell(new Meeting(0, true));
            }
            else if (_waiting is { } waiting)
            {
                _meetings--;
                _waiting = null;
                waiting.Creature.Tell(new Meeting(arrival.Colour, false));
                arrival.Creature.Tell(new Meeting(waiting.Colour, false));
            }
            else
            {
                _waiting = arrival;
            }

            return default;
        }
    }

    private sealed class TroupeCreature(ActorRef<Arrival> mall, int colour, Join join) : Actor<Meeting>
    {
        private int _colour = colour;
        private int _meetings;

        protected override void Started() => mall.Tell(new Arrival(_colour, Context.Self));

        protected override ValueTask ReceiveAsync(Meeting meeting)
        {
            if (meeting.Closed)
            {
                join.Arrive(_meetings);
                return default;
            }

            _meetings++;
            _colour = Complement(_colour, meeting.Colour);
            mall.Tell(new Arrival(_colour, Context.Self));
            return default;
        }
    }

    private sealed class AkkaMall(int meetings) : UntypedActor
    {
        private int _meetings = meetings;
        private AkkaArrival? _waiting;
        private IActorRef? _waitingCreature;

        protected override void OnReceive(object message)
        {
            var arrival = (AkkaArrival)message;
            if (_meetings == 0)
            {
                Sender.Tell(AkkaMeeting.End, Self);
            }
            else if (_waiting is not null)
            {
                _meetings--;
                _waitingCreature!.Tell(new AkkaMeeting(arrival.Colour, false), Self);
                Sender.Tell(new AkkaMeeting(_waiting.Colour, false), Self);
                _waiting = null;
            }
            else
            {
                _waiting = arrival;
                _waitingCreature = Sender;
            }
        }
    }

    private sealed class AkkaCreature(IActorRef mall, int colour, Join join) : UntypedActor
    {
        private int _colour = colour;
        private int _meetings;

        protected override void PreStart() => mall.Tell(new AkkaArrival(_colour), Self);

        protected override void OnReceive(object message)
        {
            var meeting = (AkkaMeeting)message;
            if (meeting.Closed)
            {
                join.Arrive(_meetings);
                return;
            }

            _meetings++;
            _colour = Complement(_colour, meeting.Colour);
            mall.Tell(new AkkaArrival(_colour), Self);
        }
    }
}
