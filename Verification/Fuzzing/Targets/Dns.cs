using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Messages of a DNS server.</summary>
internal static class Dns
{
    public static byte[] Answer(ushort id, string name, DnsType type, params (string Owner, DnsType Type, uint Seconds, byte[] Data)[] records)
    {
        List<byte> bytes = [(byte)(id >> 8), (byte)id, 0x81, 0x80, 0, 1, 0, (byte)records.Length, 0, 0, 0, 0, .. NameOf(name), 0, (byte)type, 0, 1];
        foreach ((string owner, DnsType found, uint seconds, byte[] data) in records)
        {
            byte[] head = new byte[10];
            BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)found);
            head[3] = 1;
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), seconds);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(8), (ushort)data.Length);
            bytes.AddRange([.. NameOf(owner), .. head, .. data]);
        }

        return [.. bytes];
    }

    /// <summary>That there is no such name, with the zone's word for how long.</summary>
    public static byte[] Negative(ushort id, string name, DnsType type)
    {
        byte[] soa = new byte[22];
        soa[21] = 60;
        byte[] message = Answer(id, name, type, ("test", DnsType.Soa, 60, soa));
        (message[3], message[7], message[9]) = (0x83, 0, 1);
        return message;
    }

    public static byte[] NameOf(string name)
    {
        byte[] bytes = new byte[DnsName.MaximumLength];
        return bytes[..DnsName.Write(bytes, name)];
    }
}
