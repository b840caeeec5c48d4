// xen/include/public/io/netif.h and io/ring.h, from the other half's side.
using Troupe.Core.Capabilities;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The other half of a Xen network card, for Coyote: each access to a ring is a scheduling point, on either side. Written from the headers, independently of the driver's side; it reaches what is granted.
/// What it does it does with the bell in its hand, so grants are not taken back in the middle of it.
/// </summary>
internal sealed class XenNetworkModel(int queues = 1, bool eventsFirst = false) : XenFrontend
{
    private const int RequestProducer = 0, ResponseProducer = 8, ResponseEvent = 12, Entries = 64;
    private const int Slots = 256, ReceiveEntry = 8, TransmitEntry = 12;
    private const int FrameLength = 60, NoSuchBuffer = 99;
    private const int MostGrants = 64;

    /// <summary>So many that a turn of the driver's fits into them.</summary>
    private const int Dawdles = 400;

    private readonly object _bell = new();
    private readonly ModelBlock?[] _grants = new ModelBlock?[MostGrants];
    private readonly Channel?[] _channels = new Channel?[queues];
    private readonly ModelBlock?[] _receive = new ModelBlock?[queues];
    private readonly ModelBlock?[] _transmit = new ModelBlock?[queues];
    private readonly uint[] _received = new uint[queues];
    private readonly uint[] _sent = new uint[queues];
    private int _granted;
    private bool _isRung;

    public override string Name => "model";

    /// <summary>How many queues it takes.</summary>
    public int Queues => queues;

    public override DmaArena CreateArena(long limit) => new ModelArena();

    public override EventChannel OpenChannel(int number = 0)
    {
        lock (_bell) return _channels[number] ??= new Channel(_bell, Ring);
    }

    public override uint Grant(DmaBlock block, int offset, bool isReadOnly)
    {
        lock (_bell)
        {
            _grants[_granted] = (ModelBlock)block;
            return (uint)_granted++;
        }
    }

    public override bool TryTakeBackGrants()
    {
        lock (_bell)
        {
            _granted = 0;
            Array.Clear(_receive);
            Array.Clear(_transmit);
            return true;
        }
    }

    public override void Revoke()
    {
    }

    /// <summary>Both halves of a queue are connected, by the rings of these grants.</summary>
    public void Connect(int queue, uint transmit, uint receive)
    {
        lock (_bell)
        {
            (_transmit[queue], _receive[queue]) = (_grants[transmit], _grants[receive]);
            (_received[queue], _sent[queue]) = (0, 0);
        }
    }

    /// <summary>The model waits until the driver has notified it since it last did.</summary>
    public void WaitForNotification()
    {
        lock (_bell)
        {
            while (!_isRung) Monitor.Wait(_bell);
            _isRung = false;
        }
    }

    /// <summary>A frame comes in, if the driver has given a buffer.</summary>
    public bool TryDeliver(int queue = 0) => TryRespond(queue, id: null);

    /// <summary>A frame comes in, in a buffer that there is not.</summary>
    public bool TryLie(int queue) => TryRespond(queue, NoSuchBuffer);

    /// <summary>A frame goes out, if one waits.</summary>
    public void TakeSent(int queue = 0)
    {
        lock (_bell)
        {
            if (_transmit[queue] is not { } ring || ring.ReadUInt32Acquire(RequestProducer) == _sent[queue]) return;
            var entry = Entries + ((int)(_sent[queue] % Slots) * TransmitEntry);
            var id = ring.Read16(entry + 8);
            ring.Write16(entry, id);
            ring.Write16(entry + 2, 0);
            ring.WriteUInt32Release(ResponseProducer, ++_sent[queue]);
            if (ring.ReadUInt32Acquire(ResponseEvent) == _sent[queue]) _channels[queue]!.Raise();
        }
    }

    private bool TryRespond(int queue, ushort? id)
    {
        lock (_bell)
        {
            if (_receive[queue] is not { } ring || ring.ReadUInt32Acquire(RequestProducer) == _received[queue]) return false;
            var entry = Entries + ((int)(_received[queue] % Slots) * ReceiveEntry);
            // The request's identifier stays where it is, or does not.
            if (id is { } other) ring.Write16(entry, other);
            ring.Write16(entry + 2, 0);
            ring.Write16(entry + 4, 0);
            ring.Write16(entry + 6, FrameLength);
            _received[queue]++;
            if (eventsFirst)
            {
                _channels[queue]!.Raise();
                for (var step = 0; step < Dawdles; step++) VirtioModel.Point();
            }

            ring.WriteUInt32Release(ResponseProducer, _received[queue]);
            if (!eventsFirst && ring.ReadUInt32Acquire(ResponseEvent) == _received[queue]) _channels[queue]!.Raise();
            return true;
        }
    }

    private void Ring()
    {
        lock (_bell)
        {
            _isRung = true;
            Monitor.PulseAll(_bell);
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
