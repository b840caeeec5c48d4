// xen/include/public/io/netif.h and io/ring.h, from the other half's side.
namespace Troupe.Verification.Coyote;

/// <summary>The other half of a Xen network card, for Coyote.</summary>
internal sealed class XenNetworkModel(int queues = 1, bool eventsFirst = false) : XenModel(queues)
{
    private const int RequestProducer = 0, ResponseProducer = 8, ResponseEvent = 12, Entries = 64;
    private const int Slots = 256, ReceiveEntry = 8, TransmitEntry = 12;
    private const int FrameLength = 60, NoSuchBuffer = 99;

    /// <summary>So many that a turn of the driver's fits into them.</summary>
    private const int Dawdles = 400;

    private readonly ModelBlock?[] _receive = new ModelBlock?[queues];
    private readonly ModelBlock?[] _transmit = new ModelBlock?[queues];
    private readonly uint[] _received = new uint[queues];
    private readonly uint[] _sent = new uint[queues];

    public override string ConnectsAt => "4";

    public override IReadOnlyDictionary<string, string> Nodes { get; } = new Dictionary<string, string> { ["mac"] = "00:16:3e:01:02:03" };

    /// <summary>A frame comes in, if the driver has given a buffer.</summary>
    public bool TryDeliver(int queue = 0) => TryRespond(queue, id: null);

    /// <summary>A frame comes in, in a buffer that there is not.</summary>
    public bool TryLie(int queue) => TryRespond(queue, NoSuchBuffer);

    /// <summary>A frame goes out, if one waits.</summary>
    public void TakeSent(int queue = 0)
    {
        lock (Bell)
        {
            if (_transmit[queue] is not { } ring || ring.ReadUInt32Acquire(RequestProducer) == _sent[queue]) return;
            var entry = Entries + ((int)(_sent[queue] % Slots) * TransmitEntry);
            var id = ring.Read16(entry + 8);
            ring.Write16(entry, id);
            ring.Write16(entry + 2, 0);
            ring.WriteUInt32Release(ResponseProducer, ++_sent[queue]);
            if (ring.ReadUInt32Acquire(ResponseEvent) == _sent[queue]) Raise(queue);
        }
    }

    protected override void Connect(int queue, Func<string, ModelBlock> page)
    {
        (_transmit[queue], _receive[queue]) = (page("tx-ring-ref"), page("rx-ring-ref"));
        (_received[queue], _sent[queue]) = (0, 0);
    }

    protected override void Disconnect()
    {
        Array.Clear(_receive);
        Array.Clear(_transmit);
    }

    private bool TryRespond(int queue, ushort? id)
    {
        lock (Bell)
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
                Raise(queue);
                for (var step = 0; step < Dawdles; step++) VirtioModel.Point();
            }

            ring.WriteUInt32Release(ResponseProducer, _received[queue]);
            if (!eventsFirst && ring.ReadUInt32Acquire(ResponseEvent) == _received[queue]) Raise(queue);
            return true;
        }
    }
}
