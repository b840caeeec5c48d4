namespace Troupe.Drivers.Xen;

/// <summary>What the other domain is told to connect a queue by.</summary>
/// <param name="TransmitRing">Grant of the ring of frames to send.</param>
/// <param name="ReceiveRing">Grant of the ring of frames to receive.</param>
/// <param name="Channel">Port of the event channel.</param>
internal readonly record struct NetFrontNumbers(uint TransmitRing, uint ReceiveRing, uint Channel);
