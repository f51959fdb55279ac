using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster.Api.Access;

/// <summary>The API keys that are known, by their hashes.</summary>
internal sealed class ApiKeys(IOptions<AccessOptions> options)
{
    private readonly (byte[] Hash, string Tenant)[] _keys =
        [.. options.Value.ApiKeys.Select(key => (Convert.FromHexString(key.Sha256!), key.Tenant!))];

    /// <summary>
    /// Whose key it is; null: nobody's. All keys are looked at, each in the same time, so that how long it takes says
    /// nothing of which one came close.
    /// </summary>
    public string? TenantOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        string? tenant = null;
        foreach (var known in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known.Hash, hash))
                tenant = known.Tenant;
        }
        return tenant;
    }
}
