import { violation } from './google-error.ts';
import { jsonAnswer } from './loopback-server.ts';
import { type Call, keyOf, type Operations, type World } from './management-call.ts';
import { type Key, productsOf, setProduct } from './organization.ts';
import { keyJson } from './resource-json.ts';

export function keyProductOperations(world: World): Operations {
  const { now } = world;

  function productOf(call: Call, key: Key): string {
    const product = call.params.get('apiproductsId') ?? '';
    if (productsOf(key).every(({ name }) => name !== product)) {
      const type = 'keymanagement.service.apiproduct_not_associated';
      throw violation(400, type, 'APIProduct is not associated with consumer key');
    }
    return product;
  }

  return {
    'apigee.organizations.developers.apps.keys.apiproducts.updateDeveloperAppKeyApiProduct'(call) {
      const key = keyOf(world, call);
      const status = call.query.get('action') === 'approve' ? 'approved' : 'revoked';
      setProduct(key, productOf(call, key), status, now());
      return jsonAnswer(200, {});
    },
    'apigee.organizations.developers.apps.keys.apiproducts.delete'(call) {
      const key = keyOf(world, call);
      setProduct(key, productOf(call, key), 'absent', now());
      return jsonAnswer(200, keyJson(key));
    },
  };
}
