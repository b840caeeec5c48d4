using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>What each kind of device does with frames in a way of its own: how they lie in its rings, and what it can send.</summary>
internal interface IFrameRings
{
    /// <summary>Whether a received packet waits, as the device says.</summary>
    bool HasPacket();

    /// <summary>Whether a packet may be taken: there are frames in the place of its own, so that the device is left with enough.</summary>
    bool HasRoomForPacket();

    /// <summary>Takes the next packet out of the ring, and back what is not handed on. Called when there is a packet and, if it is wanted, room for it.</summary>
    /// <param name="isWanted">Whether a well formed one is to be handed on.</param>
    /// <param name="frame">The packet, if it is <see cref="TakenPacket.WellFormed"/> and wanted.</param>
    /// <param name="buffers">How much of a turn's budget it took.</param>
    TakenPacket TakePacket(bool isWanted, out FrameBuffer frame, out int buffers);

    /// <summary>Whether the device can send the frame, with what was agreed upon.</summary>
    bool IsSendable([Borrowed] FrameBuffer frame);

    /// <summary>Whether it goes into the ring as it is, and not as a copy in one piece.</summary>
    bool IsWithinReach([Borrowed] FrameBuffer frame);

    /// <summary>Writes what the device wants in front of it.</summary>
    void Prepare([Borrowed] FrameBuffer frame);
}

/// <summary>What came out of a ring.</summary>
internal enum TakenPacket
{
    /// <summary>Nothing: the device has taken back its word.</summary>
    None,

    /// <summary>A packet as it cannot be.</summary>
    Malformed,

    /// <summary>A packet.</summary>
    WellFormed,
}
