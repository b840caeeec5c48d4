using Troupe.Net.Contracts;

namespace Troupe.Verification.Scripts;

/// <summary>One connection as a script talks of it: sequence numbers are relative to the two initial ones, so that the SYN is 0 and the first octet 1.</summary>
internal sealed class Flow(string name, ushort peerPort)
{
    public const string Main = "";

    public string Name => name;

    /// <summary>The host's port; 0 while it has not picked one.</summary>
    public ushort LocalPort { get; set; }

    public ushort PeerPort { get; set; } = peerPort;

    /// <summary>The peer's initial sequence number, which the script chooses.</summary>
    public uint PeerInitial { get; set; } = 1_000_000;

    /// <summary>The host's, known from its SYN; 0 until then.</summary>
    public uint? HostInitial { get; set; }

    /// <summary>That of the connection before, with the same ports.</summary>
    public uint? EarlierInitial { get; set; }

    /// <summary>The TSval of the host's last segment.</summary>
    public uint HostTimestamp { get; set; }

    /// <summary>The TSval of the host's first segment: what its clock says relative to that can be expected.</summary>
    public uint? HostFirstTimestamp { get; set; }

    public TcpConnection? Connection { get; set; }

    public Task<TcpConnection>? Connecting { get; set; }

    public Task<System.IO.Pipelines.FlushResult>? Writing { get; set; }

    public long Written { get; set; }

    public long Read { get; set; }

    /// <summary>The octet that both ends have at a place of a stream.</summary>
    public static byte Octet(long position) => (byte)(position * 7 + position / 251);

    public static byte[] Octets(long position, int count)
    {
        byte[] octets = new byte[count];
        for (int index = 0; index < count; index++)
            octets[index] = Octet(position + index);
        return octets;
    }
}
