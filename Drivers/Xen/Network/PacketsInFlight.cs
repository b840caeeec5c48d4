using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The packets that are in a ring of frames to send, each in one slot or several. The other end answers for slots, in any order; a packet's frame is free when all of
/// its slots are. Preallocated.
/// </summary>
internal sealed class PacketsInFlight
{
    private const int None = -1;

    private readonly int[] _packetOfId;
    private readonly Packet[] _packets;
    private readonly Stack<int> _freeIds;
    private readonly Stack<int> _freePackets;

    private struct Packet
    {
        public FrameBuffer Frame;
        public int SlotsLeft;
    }

    /// <param name="slots">Slots of the ring: so many identifiers, and packets, there are.</param>
    public PacketsInFlight(int slots)
    {
        _packetOfId = new int[slots];
        Array.Fill(_packetOfId, None);
        _packets = new Packet[slots];
        _freeIds = new Stack<int>(Enumerable.Range(0, slots).Reverse());
        _freePackets = new Stack<int>(Enumerable.Range(0, slots).Reverse());
    }

    /// <summary>Takes a frame, whose slots are to be named next; the ring has room for all of them.</summary>
    public int Begin(FrameBuffer frame)
    {
        var packet = _freePackets.Pop();
        _packets[packet].Frame = frame;
        return packet;
    }

    /// <summary>A name for the packet's next slot.</summary>
    public int NameSlot(int packet)
    {
        var id = _freeIds.Pop();
        _packetOfId[id] = packet;
        _packets[packet].SlotsLeft++;
        return id;
    }

    /// <summary>The other end is done with a slot. False: no slot has this name. If it was the packet's last, its frame goes to the caller.</summary>
    public bool TryEnd(int id, out FrameBuffer frame)
    {
        frame = default;
        if (id >= _packetOfId.Length || _packetOfId[id] is not (> None and var packet))
        {
            return false;
        }

        _packetOfId[id] = None;
        _freeIds.Push(id);
        if (--_packets[packet].SlotsLeft == 0)
        {
            frame = _packets[packet].Frame;
            _packets[packet].Frame = default;
            _freePackets.Push(packet);
        }

        return true;
    }

    /// <summary>Disposes all frames and says how many. Only when the other end cannot reach them any more.</summary>
    public int Abandon()
    {
        var count = 0;
        for (var id = 0; id < _packetOfId.Length; id++)
        {
            if (TryEnd(id, out var frame) && !frame.IsNone)
            {
                frame.Dispose();
                count++;
            }
        }

        return count;
    }
}
