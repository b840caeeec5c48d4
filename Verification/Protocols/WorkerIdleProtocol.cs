using Troupe.Actors;
using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// An actor worker on processor 0 runs out of work and parks while others bring some: announce, look again, park against push,
/// claim, unpark. All work gets done.
/// </summary>
internal sealed class WorkerIdleProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly IdleWorkers<TMemory> _idle = new(1);
    private readonly int _producers;
    private readonly bool _looksAgain;
    private Inbox _inbox;
    private int _done;

    /// <param name="producers">Who brings one piece of work each.</param>
    /// <param name="looksAgain">Whether the worker looks for work after announcing: without that the protocol is broken.</param>
    public WorkerIdleProtocol(int producers, bool looksAgain = true)
    {
        _producers = producers;
        _looksAgain = looksAgain;
    }

    public override Action[] Processors => [Work, .. Enumerable.Repeat(Produce, _producers)];

    public override void Check() => Require(_done == _producers, "work is lost or done twice");

    private void Work()
    {
        while (_done < _producers)
        {
            for (var item = _inbox.Items.TakeAll(); item is not null; item = ((ILinked<Item>)item).Link) _done++;
            if (_done >= _producers) break;
            _idle.Announce(0);
            if (_looksAgain && _inbox.Items.HasItems)
            {
                _idle.Retract(0);
                continue;
            }

            // A permit may be left from an earlier claim: parking returns early then, which is allowed.
            TWorld.Halt();
            TWorld.Take(ProcessorInterrupt.Reschedule);
            _idle.Retract(0);
        }
    }

    private void Produce()
    {
        _inbox.Items.Push(new Item());
        if (_idle.TryClaimAny(0) >= 0) TWorld.Interrupt(0, ProcessorInterrupt.Reschedule);
    }

    private struct Inbox
    {
        public LinkedInbox<Item, TMemory> Items;
    }

    private sealed class Item : ILinked<Item>
    {
        private Item? _link;

        ref Item? ILinked<Item>.Link => ref _link;
    }
}
