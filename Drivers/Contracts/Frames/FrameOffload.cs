namespace Troupe.Drivers.Contracts;

/// <summary>
/// What a frame still needs from the device, or what the device already did for it. A device that did not announce the
/// ability (see <see cref="NetworkDeviceInformation"/>) is never handed a frame that needs it.
/// </summary>
/// <param name="Flags">Which of the abilities apply.</param>
/// <param name="ChecksumStart">First byte of the data that the checksum covers, when <see cref="FrameOffloadFlags.NeedsChecksum"/>.</param>
/// <param name="ChecksumOffset">Where the 16-bit checksum goes, in bytes after <paramref name="ChecksumStart"/>.</param>
public readonly record struct FrameOffload(FrameOffloadFlags Flags, ushort ChecksumStart = 0, ushort ChecksumOffset = 0);
