// xen/include/public/io/ring.h and io/xenbus.h, from the other half's side.
using Troupe.Core.Capabilities;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The other half of a Xen device, for Coyote: each access to a ring is a scheduling point, on either side. Written from the headers, independently of the driver's side; it reaches what is granted.
/// What it does it does with the bell in its hand, so grants are not taken back in the middle of it.
/// </summary>
internal abstract class XenModel(int queues) : XenFrontend
{
    private const int MostGrants = 128;

    private readonly ModelBlock?[] _grants = new ModelBlock?[MostGrants];
    private readonly Channel?[] _channels = new Channel?[queues];
    private int _granted;
    private bool _isRung;

    public override string Name => "model";

    /// <summary>How many queues it takes.</summary>
    public int Queues => queues;

    /// <summary>The state of its front at which it connects.</summary>
    public abstract string ConnectsAt { get; }

    /// <summary>Nodes that are there from the start: the other half's by their names, and the front's by theirs.</summary>
    public abstract IReadOnlyDictionary<string, string> Nodes { get; }

    public override DmaArena CreateArena(long limit) => new ModelArena();

    public override EventChannel OpenChannel(int number = 0)
    {
        lock (Bell) return _channels[number] ??= new Channel(Bell, Ring);
    }

    public override uint Grant(DmaBlock block, int offset, bool isReadOnly)
    {
        lock (Bell)
        {
            _grants[_granted] = (ModelBlock)block;
            return (uint)_granted++;
        }
    }

    public override bool TryTakeBackGrants()
    {
        lock (Bell)
        {
            _granted = 0;
            Disconnect();
            return true;
        }
    }

    public override void Revoke()
    {
    }

    /// <summary>Both halves of a queue are connected, by the rings of the grants that stand in its nodes.</summary>
    public void Connect(int queue, Func<string, uint> node)
    {
        lock (Bell) Connect(queue, name => _grants[node(name)]!);
    }

    /// <summary>The model waits until the driver has notified it since it last did.</summary>
    public void WaitForNotification()
    {
        lock (Bell)
        {
            while (!_isRung) Monitor.Wait(Bell);
            _isRung = false;
        }
    }

    /// <summary>In whose hand it is, the other half acts.</summary>
    protected object Bell { get; } = new();

    /// <summary>The same with the bell in hand, and pages for the grants.</summary>
    protected abstract void Connect(int queue, Func<string, ModelBlock> page);

    /// <summary>No ring is there any more. With the bell in hand.</summary>
    protected abstract void Disconnect();

    /// <summary>An event of a queue. With the bell in hand.</summary>
    protected void Raise(int queue) => _channels[queue]!.Raise();

    private void Ring()
    {
        lock (Bell)
        {
            _isRung = true;
            Monitor.PulseAll(Bell);
        }
    }

    private sealed class Channel(object bell, Action onNotify) : EventChannel
    {
        private Action? _onEvent;

        public override uint Port => 7;

        public override void Connect(Action onInterrupt, int? processor = null)
        {
            lock (bell) _onEvent = onInterrupt;
        }

        public override void Disconnect()
        {
            lock (bell) _onEvent = null;
        }

        public override void Notify() => onNotify();

        /// <summary>With the bell in hand.</summary>
        public void Raise() => _onEvent?.Invoke();
    }
}
