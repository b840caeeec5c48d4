using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

/// <summary>Keeps what it receives, as copies, and gives the frames back at once unless told to hold them.</summary>
internal sealed class RecordingClient : NetworkDeviceClient
{
    private readonly List<FrameBatch> _held = [];

    public List<NetworkDeviceEventKind> Events { get; } = [];

    public List<byte[]> Frames { get; } = [];

    public List<FrameOffloadFlags> Offloads { get; } = [];

    public NetworkDeviceInformation? Information { get; private set; }

    public bool IsLinkUp { get; private set; }

    public bool Refuses { get; set; }

    public bool Holds { get; set; }

    public bool Records { get; set; } = true;

    public long Count { get; private set; }

    // The pairs of a card with several deliver beside each other.
    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        lock (_held)
        {
            return TryTake(in deviceEvent);
        }
    }

    private bool TryTake(in NetworkDeviceEvent deviceEvent)
    {
        if (Refuses)
        {
            return false;
        }

        if (deviceEvent.Kind == NetworkDeviceEventKind.Received)
        {
            Count += deviceEvent.Frames.Count;
            for (var index = 0; Records && index < deviceEvent.Frames.Count; index++)
            {
                List<byte> bytes = [];
                foreach (var piece in deviceEvent.Frames[index].Pieces)
                {
                    bytes.AddRange(piece.Data);
                }

                Frames.Add([.. bytes]);
                Offloads.Add(deviceEvent.Frames[index].Offload.Flags);
            }

            if (Holds)
            {
                _held.Add(deviceEvent.Frames);
            }
            else
            {
                deviceEvent.Dispose();
            }

            return true;
        }

        Events.Add(deviceEvent.Kind);
        Information = deviceEvent.Information ?? Information;
        IsLinkUp = deviceEvent.IsLinkUp;
        return true;
    }

    public void Clear()
    {
        lock (_held)
        {
            _held.ForEach(static batch => batch.Dispose());
            _held.Clear();
        }
    }
}
