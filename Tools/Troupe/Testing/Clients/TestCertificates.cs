using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>Certificates for servers of a test, good and bad, written as PEM files; the good ones are signed by the root that Apps/ClientTest trusts.</summary>
public sealed class TestCertificates
{
    // RFC 5280, 4.2.1.12: id-kp-serverAuth.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly string _folder;
    private readonly X509Certificate2 _root;

    private TestCertificates(string folder, X509Certificate2 root)
    {
        _folder = folder;
        _root = root;
    }

    /// <summary>The file of the root.</summary>
    public static string RootFile(Repository repository) => Path.Combine(CertificateFolder(repository), "root.pem");

    /// <summary>Writes them: good, untrusted (nobody signed it), expired, othername (it is somebody else's).</summary>
    public static TestCertificates Write(Repository repository, string folder)
    {
        var root = X509Certificate2.CreateFromPemFile(RootFile(repository), Path.Combine(CertificateFolder(repository), "root.key"));
        var certificates = new TestCertificates(Directory.CreateDirectory(folder).FullName, root);
        var now = DateTimeOffset.UtcNow;
        certificates.Create("good", now.AddDays(-1), now.AddDays(30));
        certificates.Create("untrusted", now.AddDays(-1), now.AddDays(30), signed: false);
        certificates.Create("expired", now.AddDays(-30), now.AddDays(-1));
        certificates.Create("othername", now.AddDays(-1), now.AddDays(30), "other.example");
        return certificates;
    }

    /// <summary>The file of a certificate.</summary>
    public string Certificate(string name) => Path.Combine(_folder, name + ".pem");

    /// <summary>The file of its key.</summary>
    public string Key(string name) => Path.Combine(_folder, name + ".key");

    private static string CertificateFolder(Repository repository) => Path.Combine(repository.Root, "Apps", "ClientTest", "Certificates");

    private void Create(string name, DateTimeOffset from, DateTimeOffset to, string? otherName = null, bool signed = true)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        if (otherName is not null)
        {
            names.AddDnsName(otherName);
        }
        else
        {
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.Parse(ServerLab.AddressInGuests));
        }

        request.CertificateExtensions.Add(names.Build());
        using var certificate = signed ? request.Create(_root, from, to, RandomNumberGenerator.GetBytes(8)) : request.CreateSelfSigned(from, to);
        File.WriteAllText(Certificate(name), certificate.ExportCertificatePem());
        File.WriteAllText(Key(name), key.ExportPkcs8PrivateKeyPem());
    }
}
