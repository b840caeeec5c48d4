using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The other half of a Xen network card: takes what is sent and puts frames into the buffers, through grants alone.</summary>
internal sealed class FakeBackend(FakeFrontend frontend)
{
    private uint _transmitTaken, _receiveTaken;

    public uint TransmitRing { get; set; }

    public uint ReceiveRing { get; set; }

    /// <summary>What was sent, with the request's flags.</summary>
    public List<(byte[] Frame, ushort Flags)> Sent { get; } = [];

    public void Reset() => _transmitTaken = _receiveTaken = 0;

    /// <summary>Takes every request of the transmit ring and answers it.</summary>
    public void TakeSent()
    {
        var ring = frontend.Page(TransmitRing, toWrite: true);
        for (; _transmitTaken != Read32(ring, 0); _transmitTaken++)
        {
            var entry = ring[(64 + ((int)(_transmitTaken % 256) * 12))..];
            var offset = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
            Sent.Add((frontend.Page(BinaryPrimitives.ReadUInt32LittleEndian(entry)).Slice(offset, size).ToArray(), BinaryPrimitives.ReadUInt16LittleEndian(entry[6..])));
            var id = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, id);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], 0);
            Write32(ring, 8, _transmitTaken + 1);
        }

        frontend.Channel.Raise();
    }

    /// <summary>Puts a frame into the next buffer; false if there is none.</summary>
    public bool TryDeliver(byte[] frame, ushort flags = 0, int offset = 0)
    {
        var ring = frontend.Page(ReceiveRing, toWrite: true);
        if (_receiveTaken == Read32(ring, 0))
        {
            return false;
        }

        var entry = ring[(64 + ((int)(_receiveTaken % 256) * 8))..];
        frame.CopyTo(frontend.Page(BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), toWrite: true)[offset..]);
        Respond(BinaryPrimitives.ReadUInt16LittleEndian(entry), (ushort)offset, flags, (short)frame.Length);
        return true;
    }

    /// <summary>Answers the next buffer with anything.</summary>
    public void Respond(ushort id, ushort offset, ushort flags, short status)
    {
        var ring = frontend.Page(ReceiveRing, toWrite: true);
        var entry = ring[(64 + ((int)(_receiveTaken % 256) * 8))..];
        BinaryPrimitives.WriteUInt16LittleEndian(entry, id);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], offset);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], flags);
        BinaryPrimitives.WriteInt16LittleEndian(entry[6..], status);
        Claim(++_receiveTaken);
    }

    /// <summary>Claims so many frames, and interrupts.</summary>
    public void Claim(uint producer)
    {
        Write32(frontend.Page(ReceiveRing, toWrite: true), 8, producer);
        frontend.Channel.Raise();
    }

    private static uint Read32(Span<byte> page, int offset) => Volatile.Read(ref MemoryMarshal.AsRef<uint>(page[offset..]));

    private static void Write32(Span<byte> page, int offset, uint value) => Volatile.Write(ref MemoryMarshal.AsRef<uint>(page[offset..]), value);
}
