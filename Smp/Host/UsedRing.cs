// VIRTIO 1.2, section 2.7.8: the used ring.
using System.Buffers.Binary;

namespace Troupe.Smp.Host;

/// <summary>The part of a split virtqueue that the device writes, and what a device that breaks its rules writes there (<see cref="DeviceFaults"/>).</summary>
internal static class UsedRing
{
    // Flags, index, entries of identifier and length, then the available event.
    private const int IndexOffset = 2, EntriesOffset = 4, EntryLength = 8, EventLength = 2;

    private const int MostGarbage = 16;

    /// <summary>Writes one lie. Its stores are plain ones: a device that lies keeps to no order either.</summary>
    /// <param name="ring">All of it.</param>
    /// <param name="fault">Which.</param>
    /// <param name="random">The numbers in it.</param>
    internal static void Harm(Span<byte> ring, DeviceFault fault, Random random)
    {
        int size = (ring.Length - EntriesOffset - EventLength) / EntryLength;
        int index = BinaryPrimitives.ReadUInt16LittleEndian(ring[IndexOffset..]);
        Span<byte> next = Entry(ring, index, size);
        switch (fault)
        {
            case DeviceFault.IndexAhead:
                index += 1 + random.Next(size + 2);
                break;
            case DeviceFault.IndexBack:
                index -= 1 + random.Next(size);
                break;
            case DeviceFault.IndexAnywhere:
                index = random.Next(ushort.MaxValue + 1);
                break;
            case DeviceFault.WrongIdentifier:
                BinaryPrimitives.WriteUInt32LittleEndian(next, random.Next(3) switch
                {
                    0 => AnyWord(random),
                    1 => (uint)(size + random.Next(4)),
                    _ => (uint)random.Next(size),
                });
                index++;
                break;
            case DeviceFault.WrongLength:
                BinaryPrimitives.WriteUInt32LittleEndian(next[sizeof(uint)..], AnyWord(random));
                index++;
                break;
            case DeviceFault.DuplicateCompletion:
                Entry(ring, index - 1, size).CopyTo(next);
                index++;
                break;
            case DeviceFault.Garbage:
                for (int times = 1 + random.Next(MostGarbage); times > 0; times--)
                {
                    ring[random.Next(ring.Length)] = (byte)random.Next(byte.MaxValue + 1);
                }

                return;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "Nothing that is written to a ring.");
        }

        BinaryPrimitives.WriteUInt16LittleEndian(ring[IndexOffset..], (ushort)index);
    }

    private static Span<byte> Entry(Span<byte> ring, int index, int size) => ring.Slice(EntriesOffset + ((index & (size - 1)) * EntryLength), EntryLength);

    private static uint AnyWord(Random random) => (uint)random.NextInt64(1L << 32);
}
