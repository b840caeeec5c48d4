// RFC 6056 3.3.1: ephemeral ports, at random.
using System.Buffers.Binary;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

/// <summary>Picks local ports nobody can guess.</summary>
public sealed class TcpPorts(IRandomness randomness)
{
    // RFC 6335 6: the dynamic ports.
    private const int First = 49_152;
    private const int Count = 65_536 - First;

    /// <summary>A dynamic port that a test accepts: a random one, then the ones after it in a ring.</summary>
    public bool TryPick(Func<ushort, bool> isFree, out ushort port)
    {
        ArgumentNullException.ThrowIfNull(isFree);
        Span<byte> bytes = stackalloc byte[4];
        randomness.Fill(bytes);
        int start = (int)(BinaryPrimitives.ReadUInt32LittleEndian(bytes) % Count);
        for (int offset = 0; offset < Count; offset++)
        {
            port = (ushort)(First + (start + offset) % Count);
            if (isFree(port))
                return true;
        }

        port = 0;
        return false;
    }
}
