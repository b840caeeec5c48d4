namespace Troupe.Core.Machine;

/// <summary>A structure that firmware leaves somewhere in low memory, on a 16-byte boundary, to be found by its signature.</summary>
public interface IFirmwareStructure
{
    /// <summary>Whether the structure stands here, signature and checksum right. The address' first 16 bytes are readable.</summary>
    static abstract bool IsAt(ulong address);
}
