using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Watchers ask an actor to tell them of its end while it is told to stop. Requests and the stop come by the inbox of system
/// messages and are dealt with in turns; every watcher is told exactly once.
/// </summary>
/// <param name="watchers">Who watches.</param>
/// <param name="answersLate">Whether a request that comes after the end is answered: without that the protocol is broken.</param>
internal sealed class EndWatchProtocol<TMemory, TWorld>(int watchers, bool answersLate = true) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly int[] _told = new int[watchers];
    private readonly List<int> _watching = [];
    private Cell _cell;
    private bool _ended;

    public override Action[] Processors =>
        [() => Post(new Request(Request.Stop)), .. Enumerable.Range(0, watchers).Select(watcher => (Action)(() => Post(new Request(watcher))))];

    public override void Check()
    {
        Require(!_cell.Inbox.HasItems, "a request waits and nobody comes for it");
        Require(_ended, "the stop is lost");
        foreach (var told in _told) Require(told == 1, "a watcher is told not once");
    }

    private void Post(Request request)
    {
        _cell.Inbox.Push(request);
        if (!_cell.Gate.TrySchedule(urgent: true)) return;
        do
        {
            for (var next = _cell.Inbox.TakeAll(); next is not null; next = ((ILinked<Request>)next).Link) Run(next.From);
            _cell.Gate.Release(suspended: false);
        }
        while (_cell.Inbox.HasItems && _cell.Gate.TrySchedule(urgent: true));
    }

    private void Run(int from)
    {
        if (from == Request.Stop)
        {
            _ended = true;
            foreach (var watcher in _watching) _told[watcher]++;
            _watching.Clear();
        }
        else if (!_ended || !answersLate)
        {
            _watching.Add(from);
        }
        else
        {
            _told[from]++;
        }
    }

    private struct Cell
    {
        public LinkedInbox<Request, TMemory> Inbox;
        public TurnGate<TMemory> Gate;
    }

    private sealed class Request(int from) : ILinked<Request>
    {
        public const int Stop = -1;

        private Request? _link;

        public int From => from;

        ref Request? ILinked<Request>.Link => ref _link;
    }
}
